/** The metrics of the process that decides about sign-ins. */
import type { RedisStore } from '../guard/redis-store.ts'
import type { SignInDesk } from '../guard/sign-in-desk.ts'
import { type MetricJson, metricJson, plainMetric } from '../observe/metrics/metric-json.ts'
import { monotonicNow } from '../pipeline/exchange.ts'

const KINDS = ['user', 'client'] as const

/** @param store undefined: it counts alone */
export function collectDesk(
  { blocks }: SignInDesk,
  store: RedisStore | undefined,
): readonly MetricJson[] {
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
    ...(store
      ? [
          plainMetric('lyncgate_sign_in_shared_up', Number(store.isUp)),
          plainMetric('lyncgate_sign_in_shared_errors_total', store.errors),
        ]
      : []),
  ]
}
