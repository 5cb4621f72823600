/** What the charts show: which numbers of a point, under which name and colour. */
import { count, milliseconds, rate } from './format.js'

/** @import { TrafficPoint } from '../live/traffic-point.ts' */

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} colour a custom property of the style sheet
 * @property {(point: TrafficPoint) => number | null} read
 * @property {boolean} [isFilled]
 */

/**
 * @typedef {object} ChartOf
 * @property {string} title
 * @property {string} unit
 * @property {(value: number | null) => string} format
 * @property {readonly Series[]} series
 */

/**
 * @param {TrafficPoint} point
 * @param {number} value
 */
const perSecond = ({ seconds }, value) => (seconds > 0 ? value / seconds : 0)

/** @param {(value: number) => string} format */
const orDash = (format) => (/** @type {number | null} */ value) =>
  value === null ? '–' : format(value)

/** @type {readonly ChartOf[]} */
export const charts = [
  {
    title: 'Requests',
    unit: 'per second',
    format: orDash(rate),
    series: [
      {
        name: 'Requests',
        colour: '--series-1',
        read: (point) => perSecond(point, point.requests),
        isFilled: true,
      },
    ],
  },
  {
    title: 'Time to the first byte',
    unit: 'long polls left out',
    format: orDash(milliseconds),
    series: [
      { name: 'Half (p50)', colour: '--series-1', read: ({ p50 }) => p50 },
      { name: '95 of 100 (p95)', colour: '--series-2', read: ({ p95 }) => p95 },
      { name: '99 of 100 (p99)', colour: '--series-3', read: ({ p99 }) => p99 },
    ],
  },
  {
    title: 'Errors',
    unit: 'per second',
    format: orDash(rate),
    series: [
      {
        name: 'Failed',
        colour: '--series-bad',
        read: (point) => perSecond(point, point.failed),
        isFilled: true,
      },
      {
        name: 'Refused',
        colour: '--series-2',
        read: (point) => perSecond(point, point.refused),
      },
    ],
  },
  {
    title: 'Open connections',
    unit: 'at each moment',
    format: orDash(count),
    series: [
      {
        name: 'Connections',
        colour: '--series-1',
        read: ({ connections }) => connections,
        isFilled: true,
      },
      { name: 'Exchanges in progress', colour: '--series-4', read: ({ running }) => running },
      { name: 'Long polls', colour: '--series-2', read: ({ longPolls }) => longPolls },
    ],
  },
]
