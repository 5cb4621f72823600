/** A run that never was, with round figures. */
import type { Run, Series } from '../../bench/results.ts'

export function exampleRun(all: readonly Series[]): Run {
  return {
    facts: {
      date: '2026-01-02',
      commit: '0123456789',
      mode: 'full',
      rounds: 3,
      windowMs: 1000,
      polls: 5000,
      processor: 'Example',
      cores: 2,
      memoryGb: 8,
      kernel: '6.0',
      node: '26.0.0',
      openssl: '3.5.0',
    },
    peers: [
      { name: 'lyncgate', version: '0.1.0' },
      { name: 'nginx', version: '1.22.1' },
      { name: 'Caddy', missing: 'is missing: apt-get install caddy' },
    ],
    rows: [{ row: 'example', series: all }],
  }
}

/** A series in microseconds, by contestant. */
export function series(key: string, rounds: Readonly<Record<string, readonly number[]>>): Series {
  const cells = Object.entries(rounds).map(([name, each]) => [name, { rounds: each }])
  return {
    key,
    title: `${key} & more`,
    unit: 'us',
    reference: 'nginx',
    cells: Object.fromEntries(cells),
  }
}
