/**
 * Metrics as plain data: what one process hands to another, and what is rendered. The form is that of prom-client's
 * `getMetricsAsJSON()`; a structured clone and JSON keep it as it is.
 */
import { type catalogue, definitionOf, type MetricName } from './catalogue.ts'

export interface SampleJson {
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  /** For the parts of a histogram: the name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string
}

export interface MetricJson {
  readonly name: MetricName
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** How processes are merged. */
  readonly aggregator: 'sum' | 'min' | 'max'
  readonly values: readonly SampleJson[]
}

/** A value with exactly the labels that the catalogue gives the metric. */
export interface Sample<Name extends MetricName> {
  readonly labels: Readonly<Record<(typeof catalogue)[Name]['labels'][number], string>>
  readonly value: number
}

/** A counter or a gauge with its samples. */
export const metricJson = <Name extends MetricName>(
  name: Name,
  values: readonly Sample<Name>[],
): MetricJson => withSamples(name, values)

/** A counter or a gauge without labels. */
export const plainMetric = (name: MetricName, value: number): MetricJson =>
  withSamples(name, [{ labels: {}, value }])

export function withSamples(name: MetricName, values: readonly SampleJson[]): MetricJson {
  const { help, type, merge } = definitionOf(name)
  return { name, help, type, aggregator: merge, values }
}
