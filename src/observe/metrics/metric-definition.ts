/** What the catalogue says of a metric. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence, as Prometheus shows it. */
  readonly help: string
  readonly labels: readonly string[]
  /** How values of several processes with the same labels become one. */
  readonly merge: 'sum' | 'min' | 'max'
  /** Upper bounds of a histogram, seconds, ascending; +Inf is understood. */
  readonly buckets?: readonly number[]
}
