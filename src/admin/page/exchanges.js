/** The list of recent exchanges, its filter, and those that were refused. */
import { byId, byIdOf, element, setText } from './elements.js'
import { familyOf, fits } from './exchange-filter.js'
import { bytes, count, milliseconds, timeOfDay } from './format.js'
import { createTable } from './tables.js'

/** @import { ListedExchange } from '../live/exchange-list.ts' */
/** @import { Filter } from './exchange-filter.js' */

/** As many as lyncgate keeps. */
const KEPT = 500

/** Rows to begin with, and more with each press of the button. */
const STEP = 25
const SHOWN_REFUSED = 10

const form = byIdOf('filter', HTMLFormElement)
const pause = byId('pause')
const more = byId('more')

/** @type {readonly ListedExchange[]} */
let kept = []
/** @type {readonly ListedExchange[]} while it is paused: what there was then */
let frozen = []
let isPaused = false
let missed = 0
let rows = STEP

const time = { title: 'Time' }
const client = { title: 'Client' }
const request = { title: 'Request', isRowHeader: true }

const showTable = createTable(byId('exchange-table'), {
  caption: 'Recent exchanges, the newest first',
  columns: [
    time,
    client,
    request,
    { title: 'Rule and server' },
    { title: 'Status', isNumber: true },
    { title: 'Outcome' },
    { title: 'Took', isNumber: true },
  ],
  keyOf: (/** @type {ListedExchange} */ { id }) => id,
  cells: (exchange) => [
    timeCell(exchange),
    clientCell(exchange),
    requestCell(exchange),
    withSmall(exchange.rule ?? 'no rule', exchange.server ?? ''),
    exchange.status === 0 ? 'cut' : String(exchange.status),
    withSmall(exchange.outcome, exchange.reason ?? exchange.strict ?? ''),
    withSmall(milliseconds(exchange.totalMs), bytes(exchange.responseBytes)),
  ],
  tone: ({ kind }) => kind,
  empty: 'No exchange fits.',
})

const showRefused = createTable(byId('refused-table'), {
  caption: 'Exchanges that were refused, the newest first',
  columns: [time, client, request, { title: 'Reason' }],
  keyOf: (/** @type {ListedExchange} */ { id }) => id,
  cells: (exchange) => [
    timeCell(exchange),
    clientCell(exchange),
    requestCell(exchange),
    withSmall(exchange.outcome, exchange.reason ?? ''),
  ],
  empty: 'None among the exchanges that are kept.',
})

form.addEventListener('input', () => {
  rows = STEP
  show()
})
more.addEventListener('click', () => {
  rows += STEP
  show()
})
form.addEventListener('submit', (event) => event.preventDefault())
// The fields are empty only after the event.
form.addEventListener('reset', () => setTimeout(show))
pause.addEventListener('click', () => {
  isPaused = !isPaused
  frozen = kept
  pause.setAttribute('aria-pressed', String(isPaused))
  setText(pause, isPaused ? 'Go on' : 'Pause')
  show()
})

/** @param {{ readonly exchanges: readonly ListedExchange[], readonly missed: number }} news */
export function addExchanges(news) {
  kept = [...kept, ...news.exchanges].slice(-KEPT)
  missed += news.missed
  offer(
    'family',
    kept.map(({ userAgent }) => familyOf(userAgent)),
  )
  offer(
    'rule',
    kept.flatMap(({ rule }) => rule ?? []),
  )
  offer(
    'outcome',
    kept.map(({ outcome }) => outcome),
  )
  if (!isPaused) show()
  showRefused(newest(kept.filter(({ kind }) => kind === 'refused')).slice(0, SHOWN_REFUSED))
}

/** A new connection begins with all there is. */
export function forgetExchanges() {
  kept = []
  missed = 0
}

function show() {
  const all = isPaused ? frozen : kept
  const filter = readFilter()
  const found = newest(all.filter((exchange) => fits(exchange, filter)))
  showTable(found.slice(0, rows))
  more.hidden = found.length <= rows
  const shown = Math.min(found.length, rows)
  const fast = missed > 0 ? ` ${count(missed)} came too fast to be listed.` : ''
  setText(
    byId('exchange-count'),
    `${count(found.length)} of the last ${count(all.length)} fit, the newest ${count(shown)} are shown.${fast}`,
  )
}

/** @returns {Filter} */
function readFilter() {
  const data = new FormData(form)
  const field = (/** @type {string} */ name) => String(data.get(name) ?? '')
  return {
    client: field('client'),
    family: field('family'),
    rule: field('rule'),
    status: field('status'),
    outcome: field('outcome'),
  }
}

/**
 * What has been seen once can be chosen.
 * @param {string} name
 * @param {readonly string[]} values
 */
function offer(name, values) {
  const select = form.elements.namedItem(name)
  if (!(select instanceof HTMLSelectElement)) return
  const known = new Set([...select.options].map(({ value }) => value))
  const fresh = [...new Set(values)].filter((value) => !known.has(value))
  for (const value of fresh) {
    const after = [...select.options].slice(1).find((option) => option.value > value)
    select.insertBefore(element('option', { value }, value), after ?? null)
  }
}

/** @param {readonly ListedExchange[]} all */
const newest = (all) => [...all].reverse()

/** @param {ListedExchange} exchange */
const timeCell = ({ at }) => element('time', { datetime: at }, timeOfDay(at))

/** @param {ListedExchange} exchange */
const clientCell = ({ client: address, userAgent }) =>
  element(
    'span',
    { title: userAgent ?? 'no User-Agent field' },
    address,
    element('small', {}, familyOf(userAgent)),
  )

/** @param {ListedExchange} exchange */
const requestCell = ({ method, tls, host, target }) =>
  element(
    'span',
    { class: 'request', title: target },
    `${method} ${target}`,
    element('small', {}, `${tls ? 'https' : 'http'}, ${host === '' ? 'no host' : host}`),
  )

/**
 * @param {string} text
 * @param {string} small
 */
const withSmall = (text, small) =>
  small === '' ? text : element('span', {}, text, element('small', {}, small))
