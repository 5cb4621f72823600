/** Merges the metrics of several processes and writes them as Prometheus reads them. Never on the path of a request. */
import { AggregatorRegistry } from 'prom-client'
import type { MetricJson, SampleJson } from './metric-json.ts'

export type MetricsFormat = 'prometheus' | 'openmetrics'

/** The Content-Type of each format. */
export const metricsContentType: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/**
 * The exposition text. Values with the same name and labels become one, as the catalogue says.
 * @param parts what each process has collected
 */
export function renderMetrics(
  parts: readonly (readonly MetricJson[])[],
  format: MetricsFormat = 'prometheus',
): Promise<string> {
  const isOpen = format === 'openmetrics'
  const metrics = isOpen ? parts.map((part) => part.map(asOpenMetric)) : parts
  const registry = AggregatorRegistry.aggregate(metrics.map((part) => [...part]))
  // prom-client ignores the second argument of `aggregate` in its types; this is the same.
  registry.setContentType(metricsContentType[format] as typeof registry.contentType)
  return registry.metrics()
}

/**
 * OpenMetrics 1.0 names a counter without `_total` and its samples with it. prom-client adds that to the samples but
 * does not take it off the name of a metric that was merged. Bounds of buckets are written as floats.
 */
function asOpenMetric(metric: MetricJson) {
  if (metric.type === 'counter') return { ...metric, name: metric.name.replace(/_total$/, '') }
  if (metric.type === 'histogram') return { ...metric, values: metric.values.map(withFloatBound) }
  return metric
}

function withFloatBound(sample: SampleJson): SampleJson {
  const { le } = sample.labels
  if (!Number.isInteger(le)) return sample
  return { ...sample, labels: { ...sample.labels, le: `${le}.0` } }
}
