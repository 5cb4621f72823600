/** The metrics of the process that decides about sign-ins. */
import type { SignInDesk } from '../guard/sign-in-desk.ts'
import { type MetricJson, metricJson } from '../observe/metrics/metric-json.ts'
import { monotonicNow } from '../pipeline/exchange.ts'

const KINDS = ['user', 'client'] as const

export function collectDesk({ blocks }: SignInDesk): readonly MetricJson[] {
  const blocked = blocks.list(monotonicNow())
  return [
    metricJson(
      'lyncgate_sign_in_blocks_total',
      KINDS.map((kind) => ({ labels: { kind }, value: blocks.begun[kind] })),
    ),
    metricJson(
      'lyncgate_sign_in_blocked',
      KINDS.map((kind) => ({
        labels: { kind },
        value: blocked.filter((block) => block.kind === kind).length,
      })),
    ),
  ]
}
