/** The metrics of streams. */
import { type MetricJson, metricJson } from '../observe/metrics/metric-json.ts'
import type { StreamCounts } from '../streams/stream-outcome.ts'

/** @param counts by the name of the stream */
export function collectStreamMetrics(
  counts: ReadonlyMap<string, StreamCounts>,
): readonly MetricJson[] {
  const all = [...counts]
  return [
    metricJson(
      'lyncgate_stream_connections',
      all.map(([stream, { open }]) => ({ labels: { stream }, value: open })),
    ),
    metricJson(
      'lyncgate_stream_connections_total',
      all.flatMap(([stream, { outcomes }]) =>
        Object.entries(outcomes).map(([outcome, value]) => ({
          labels: { stream, outcome },
          value,
        })),
      ),
    ),
    metricJson(
      'lyncgate_stream_bytes_total',
      all.flatMap(([stream, { bytesFromClients, bytesToClients }]) => [
        { labels: { stream, from: 'client' }, value: bytesFromClients },
        { labels: { stream, from: 'server' }, value: bytesToClients },
      ]),
    ),
  ]
}
