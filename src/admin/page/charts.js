/** Line charts of the last quarter of an hour, each with a table that says the same. */
import uPlot from '/page/uplot.js'
import { element, setText } from './elements.js'
import { hourAndMinute } from './format.js'
import { charts } from './series.js'
import { createTable } from './tables.js'

/** @import { TrafficPoint } from '../live/traffic-point.ts' */
/** @import { ChartOf, Series } from './series.js' */

/** As many as lyncgate keeps. */
const MOST_POINTS = 450
const HEIGHT = 170

/** A chart begins with this much time and grows to all there is. */
const LEAST_SECONDS = 120

/** Between two times below a chart, in seconds. */
const MINUTES = [1, 2, 3, 5, 10].map((minutes) => minutes * 60)

/** @param {HTMLElement} place */
export function createCharts(place) {
  /** @type {readonly TrafficPoint[]} */
  let points = []
  const drawn = charts.map((chart) => createChart(place, chart))
  const draw = () => {
    for (const show of drawn) show(points)
  }
  // Colours come from the style sheet, which follows the system.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  return {
    /** @param {readonly TrafficPoint[]} all */
    begin: (all) => {
      points = all
      draw()
    },
    /** @param {TrafficPoint} point */
    add: (point) => {
      points = [...points, point].slice(-MOST_POINTS)
      if (!document.hidden) draw()
    },
    points: () => points,
  }
}

/**
 * @param {HTMLElement} place
 * @param {ChartOf} chart
 * @returns {(points: readonly TrafficPoint[]) => void}
 */
function createChart(place, chart) {
  const { title, unit, format, series } = chart
  const canvas = element('div', { class: 'canvas', 'aria-hidden': 'true' })
  const values = series.map(() => element('b', {}, '–'))
  const legend = element(
    'p',
    { class: 'legend', 'aria-hidden': 'true' },
    ...series.map(({ name, colour }, at) =>
      element('span', {}, element('i', { class: colour.slice(2) }), `${name} `, values[at] ?? ''),
    ),
  )
  const tablePlace = element('div')
  const details = element('details', {}, element('summary', {}, `${title} as a table`), tablePlace)
  const caption = element(
    'figcaption',
    {},
    element('h3', {}, title),
    element('span', { class: 'note' }, unit),
  )
  place.append(element('figure', { class: 'card' }, caption, legend, canvas, details))
  const showTable = createTable(tablePlace, {
    caption: `${title} in the last quarter of an hour`,
    columns: [
      { title: 'Series', isRowHeader: true },
      { title: 'Now', isNumber: true },
      { title: 'Mean', isNumber: true },
      { title: 'Highest', isNumber: true },
    ],
    keyOf: (/** @type {readonly string[]} */ [name = '']) => name,
    cells: (row) => row,
    empty: 'No values yet.',
  })

  /** @type {uPlot | undefined} */
  let plot
  let colours = ''
  /** @type {readonly TrafficPoint[]} */
  let last = []
  const render = () => {
    const width = Math.floor(canvas.clientWidth)
    if (width < 50) return
    const now = series.map(({ colour }) => colourOf(canvas, colour)).join()
    if (!plot || now !== colours) {
      plot?.destroy()
      plot = new uPlot(optionsOf(canvas, chart, width), [[]], canvas)
      colours = now
    }
    if (plot.width !== width) plot.setSize({ width, height: HEIGHT })
    plot.setData(dataOf(last, series))
  }
  new ResizeObserver(render).observe(canvas)
  return (points) => {
    last = points
    render()
    const rows = series.map(({ name, read }) => rowOf(name, points.map(read), format))
    for (const [at, [, value = '']] of rows.entries()) {
      const target = values[at]
      if (target) setText(target, value)
    }
    showTable(rows)
  }
}

/**
 * @param {string} name
 * @param {readonly (number | null)[]} values
 * @param {(value: number | null) => string} format
 */
function rowOf(name, values, format) {
  const known = values.filter((value) => value !== null)
  const mean = known.length > 0 ? known.reduce((sum, each) => sum + each, 0) / known.length : null
  const highest = known.length > 0 ? Math.max(...known) : null
  return [name, format(values.at(-1) ?? null), format(mean), format(highest)]
}

/**
 * @param {readonly TrafficPoint[]} points
 * @param {readonly Series[]} series
 * @returns {uPlot.AlignedData}
 */
const dataOf = (points, series) => [
  points.map(({ at }) => Date.parse(at) / 1000),
  ...series.map(({ read }) => points.map(read)),
]

/**
 * @param {Element} near
 * @param {string} name
 */
const colourOf = (near, name) => getComputedStyle(near).getPropertyValue(name).trim()

/**
 * @param {HTMLElement} near
 * @param {ChartOf} chart
 * @param {number} width
 * @returns {uPlot.Options}
 */
function optionsOf(near, { series, format }, width) {
  const colour = (/** @type {string} */ name) => colourOf(near, name)
  const axis = {
    stroke: colour('--muted'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 22, 0, 0],
    scales: {
      x: { range: (_plot, from, to) => [Math.min(from, to - LEAST_SECONDS), to] },
      y: { range: (_plot, _from, to) => [0, to > 0 ? to * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 60,
        incrs: MINUTES,
        values: (_plot, splits) => splits.map(hourAndMinute),
      },
      {
        ...axis,
        size: 58,
        space: 32,
        values: (_plot, splits) => splits.map((each) => format(each)),
      },
    ],
    series: [
      {},
      ...series.map(({ name, colour: own, isFilled }) => ({
        label: name,
        stroke: colour(own),
        width: 2,
        spanGaps: true,
        points: { show: false },
        ...(isFilled && { fill: `color-mix(in srgb, ${colour(own)} 16%, transparent)` }),
      })),
    ],
  }
}
