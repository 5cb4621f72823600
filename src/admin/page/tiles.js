/** The numbers of this moment. */
import { byId, element, setText } from './elements.js'
import { count, milliseconds, rate } from './format.js'

/** @import { Status } from '../describe-status.ts' */
/** @import { TrafficPoint } from '../live/traffic-point.ts' */

/**
 * @typedef {object} Now
 * @property {TrafficPoint | undefined} point
 * @property {Status | undefined} status
 */

/** @type {readonly (readonly [title: string, note: string, read: (now: Now) => string])[]} */
const TILES = [
  ['Requests', 'per second', ({ point }) => perSecond(point, 'requests')],
  ['First byte', 'p95', ({ point }) => milliseconds(point?.p95)],
  ['Failed', 'per second', ({ point }) => perSecond(point, 'failed')],
  ['Refused', 'per second', ({ point }) => perSecond(point, 'refused')],
  [
    'Connections',
    'of clients',
    ({ status, point }) => count(status?.connections ?? point?.connections ?? 0),
  ],
  ['In progress', 'exchanges', ({ point }) => count(point?.running ?? 0)],
  ['Long polls', 'waiting', ({ point }) => count(point?.longPolls ?? 0)],
  ['Tunnels', 'WebSockets', ({ point }) => count(point?.tunnels ?? 0)],
  ['Signed in', 'pinned', ({ status }) => count(pinsOf(status))],
]

const values = TILES.map(() => element('dd'))

byId('tiles').append(
  ...TILES.map(([title, note], at) =>
    element('div', {}, element('dt', {}, title, element('small', {}, note)), values[at] ?? ''),
  ),
)

/** @param {Now} now */
export function showTiles(now) {
  for (const [at, [, , read]] of TILES.entries()) {
    const value = values[at]
    if (value) setText(value, read(now))
  }
}

/**
 * @param {TrafficPoint | undefined} point
 * @param {'requests' | 'failed' | 'refused'} key
 */
const perSecond = (point, key) => rate(point && point.seconds > 0 ? point[key] / point.seconds : 0)

/** @param {Status | undefined} status */
const pinsOf = (status) =>
  (status?.pools ?? [])
    .flatMap(({ servers }) => servers)
    .reduce((sum, { pinned }) => sum + pinned, 0)
