/**
 * A strict reader of the Prometheus text format 0.0.4 and of OpenMetrics 1.0 as far as we write it. Where the format
 * leaves a choice it demands what Prometheus recommends; anything it does not know throws.
 */

export interface ExposedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ExposedMetric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly samples: readonly ExposedSample[]
}

export type Exposition = ReadonlyMap<string, ExposedMetric>

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const TYPES = ['counter', 'gauge', 'histogram']

/** Reads it all; throws at the first thing that is wrong. */
export function readExposition(
  text: string,
  format: 'prometheus' | 'openmetrics' = 'prometheus',
): Exposition {
  const metrics = new Map<string, ExposedMetric & { samples: ExposedSample[] }>()
  let current: (ExposedMetric & { samples: ExposedSample[] }) | undefined
  for (const line of linesOf(text, format)) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      if (!NAME.test(name) || metrics.has(name)) throw wrong('a name that is odd or twice', line)
      current = { name, help: rest, type: 'gauge', samples: [] }
      metrics.set(name, current)
    } else if (keyword === 'TYPE') {
      if (name !== current?.name || current.samples.length > 0 || !TYPES.includes(rest))
        throw wrong('a TYPE out of place', line)
      current = { ...current, type: rest as ExposedMetric['type'] }
      metrics.set(name, current)
    } else if (current) current.samples.push(readSample(line))
    else throw wrong('a sample of no metric', line)
  }
  for (const metric of metrics.values()) checkMetric(metric, format)
  return metrics
}

/** The value of the one sample with these labels (others may be there); throws when there is none, or several. */
export function sampleValue(
  exposition: Exposition,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const found = samplesOf(exposition, name).filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )
  const [one] = found
  if (!one || found.length > 1)
    throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`)
  return one.value
}

/** The samples with this name; those of a histogram by `_bucket`, `_sum` and `_count`. */
export const samplesOf = (exposition: Exposition, name: string): readonly ExposedSample[] =>
  [...exposition.values()].flatMap(({ samples }) => samples.filter((each) => each.name === name))

const wrong = (what: string, line: string): Error => new Error(`${what}: ${line}`)

function linesOf(text: string, format: 'prometheus' | 'openmetrics'): readonly string[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const lines = text.slice(0, -1).split('\n')
  if (format === 'prometheus') return lines.filter((line) => line !== '')
  if (lines.pop() !== '# EOF') throw new Error('no # EOF')
  return lines
}

function readSample(line: string): ExposedSample {
  const match = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line)
  if (!match) throw wrong('not a sample', line)
  const [, name = '', inside = '', number = ''] = match
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number)
  if (Number.isNaN(value)) throw wrong('not a number', line)
  return { name, labels: readLabels(inside, line), value }
}

function readLabels(inside: string, line: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=[^,])|$)/y
  while (label.lastIndex < inside.length) {
    const match = label.exec(inside)
    const [, name = '', value = ''] = match ?? []
    if (!match || Object.hasOwn(labels, name)) throw wrong('labels that are odd or twice', line)
    labels[name] = value.replace(/\\(.)/g, (_, mark: string) => (mark === 'n' ? '\n' : mark))
  }
  return labels
}

function checkMetric(metric: ExposedMetric, format: 'prometheus' | 'openmetrics'): void {
  const { name, type, samples } = metric
  const isOpen = format === 'openmetrics'
  const suffixes =
    type === 'histogram'
      ? ['_bucket', '_sum', '_count']
      : [type === 'counter' && isOpen ? '_total' : '']
  if (type === 'counter' && name.endsWith('_total') === isOpen) throw wrong('_total', name)
  if (type !== 'counter' && name.endsWith('_total')) throw wrong('_total', name)
  const seen = new Set<string>()
  for (const sample of samples) {
    if (!suffixes.includes(sample.name.slice(name.length)) || !sample.name.startsWith(name))
      throw wrong('a sample of another metric', sample.name)
    const key = seriesOf(sample)
    if (seen.has(key)) throw wrong('a series twice', key)
    seen.add(key)
    if (type !== 'gauge' && !(sample.value >= 0)) throw wrong('a count below zero', key)
    const { le = 'Inf' } = sample.labels
    if (isOpen && !/[.I]/.test(le)) throw wrong('a bound that is no float', key)
  }
  if (type === 'histogram') checkHistogram(metric)
}

function checkHistogram({ name, samples }: ExposedMetric): void {
  const withoutBound = ({ labels }: ExposedSample): string =>
    JSON.stringify(
      Object.entries(labels)
        .filter(([label]) => label !== 'le')
        .sort(),
    )
  for (const series of new Set(samples.map(withoutBound))) {
    const own = samples.filter((sample) => withoutBound(sample) === series)
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels: { le = '' } }) => Number(le.replace('+Inf', 'Infinity')))
    const values = buckets.map(({ value }) => value)
    const count = own.find((sample) => sample.name === `${name}_count`)?.value
    if (!own.some((sample) => sample.name === `${name}_sum`)) throw wrong('no sum', series)
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw wrong('no bucket +Inf', series)
    if (values.at(-1) !== count) throw wrong('the last bucket is not the count', series)
    const rises = (all: readonly number[], least: number): boolean =>
      all.slice(1).every((each, at) => each - (all[at] as number) >= least)
    if (!rises(bounds, Number.MIN_VALUE)) throw wrong('bounds that do not rise', series)
    if (!rises(values, 0)) throw wrong('buckets that do not add up', series)
  }
}

/** Name and labels of a sample, as one text. */
export const seriesOf = ({ name, labels }: ExposedSample): string =>
  `${name}${JSON.stringify(Object.entries(labels).sort())}`
