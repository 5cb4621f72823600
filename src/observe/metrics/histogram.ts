/** Counts of values in buckets, without anything that costs: one typed array and a sum. */
import { definitionOf, type MetricName } from './catalogue.ts'
import { type MetricJson, type SampleJson, withSamples } from './metric-json.ts'

export interface Histogram {
  /** One per bound and one for what lies above all of them; each value is counted once. */
  readonly counts: Float64Array
  sum: number
}

export const bucketsOf = (name: MetricName): readonly number[] => definitionOf(name).buckets ?? []

export const emptyHistogram = (bounds: readonly number[]): Histogram => ({
  counts: new Float64Array(bounds.length + 1),
  sum: 0,
})

/** Most values are small, so bounds are tried from the lowest on. */
export function countIn(histogram: Histogram, bounds: readonly number[], value: number): void {
  let at = 0
  while (at < bounds.length && value > (bounds[at] as number)) at++
  histogram.counts[at] = (histogram.counts[at] as number) + 1
  histogram.sum += value
}

/** Prometheus wants each bucket to hold all that is not greater than its bound. */
export function histogramJson(
  name: MetricName,
  series: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly histogram: Histogram
  }[],
): MetricJson {
  const bounds = bucketsOf(name)
  const values = series.flatMap(({ labels, histogram: { counts, sum } }): SampleJson[] => {
    let total = 0
    const buckets = [...counts].map((count, at): SampleJson => {
      total += count
      const le = bounds[at] ?? '+Inf'
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: total },
    ]
  })
  return withSamples(name, values)
}
