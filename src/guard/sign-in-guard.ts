/** What a process needs to guard sign-ins: one for its whole life, whatever configurations come. */
import type { SignInMetrics } from '../observe/metrics/sign-in-metrics.ts'
import { AnswerShapes } from './answer-shape.ts'
import { DemandingPages } from './demanding-pages.ts'
import type { SignInGate } from './gate.ts'

export interface SignInGuard {
  readonly gate: SignInGate
  readonly shapes: AnswerShapes
  readonly demands: DemandingPages
  readonly metrics: SignInMetrics
}

export const createSignInGuard = (gate: SignInGate, metrics: SignInMetrics): SignInGuard => ({
  gate,
  shapes: new AnswerShapes(),
  demands: new DemandingPages(),
  metrics,
})
