/** Medians, quartiles and ratios of few, noisy rounds. */

/** What is told of the rounds of one figure. */
export interface Summary {
  readonly median: number
  /** What is reached when nothing else disturbs the machine: most noise only adds. */
  readonly lowerQuartile: number
  /** Distance of the quartiles as a share of the median. */
  readonly spread: number
}

/** A quantile between 0 and 1 by linear interpolation; of nothing it is NaN. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((one, other) => one - other)
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] as number
  const above = sorted[Math.ceil(at)] as number
  return below + (above - below) * (at - Math.floor(at))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export function summarise(rounds: readonly number[]): Summary {
  const middle = median(rounds)
  const lowerQuartile = quantile(rounds, 0.25)
  const spread = middle === 0 ? 0 : (quantile(rounds, 0.75) - lowerQuartile) / middle
  return { median: middle, lowerQuartile, spread }
}

/** The median of the ratios of each round: what disturbs a whole round falls out. Undefined without common rounds. */
export function ratioOf(own: readonly number[], other: readonly number[]): number | undefined {
  const ratios = own
    .slice(0, other.length)
    .map((value, round) => value / (other[round] as number))
    .filter(Number.isFinite)
  return ratios.length === 0 ? undefined : median(ratios)
}
