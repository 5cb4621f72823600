/** The sections that are tables of what the status says: rules, certificates, configuration, refusals. */
import { toneOfDays } from './attention.js'
import { showBlocked } from './blocked.js'
import { badge, byId, element } from './elements.js'
import { count, day, daysLeft, milliseconds, moment, rate } from './format.js'
import { createTable } from './tables.js'

/** @import { ListenerStatus, RuleStatus, Status } from '../describe-status.ts' */
/** @import { RulePoint, Sample, TrafficPoint } from '../live/traffic-point.ts' */

/** @typedef {Status['certificates'][number]} Certificate */
/** @typedef {Status['workers'][number]} Worker */

/** @type {Sample | undefined} */
let sample
/** @type {Status | undefined} */
let status

const showRules = createTable(byId('rule-table'), {
  caption: 'Rules, with what happens per second',
  columns: [
    { title: 'Rule', isRowHeader: true },
    { title: 'Hosts' },
    { title: 'Pool' },
    { title: 'Requests/s', isNumber: true },
    { title: 'p95', isNumber: true },
    { title: 'Failed/s', isNumber: true },
    { title: 'Refused/s', isNumber: true },
    { title: 'In progress', isNumber: true },
    { title: 'Long polls', isNumber: true },
  ],
  keyOf: (/** @type {RuleStatus} */ { name }) => name,
  cells: ({ name, publish, hosts, pool }) => {
    /** @type {RulePoint | undefined} */
    const own = sample?.rules.find(({ rule }) => rule === name)
    const seconds = sample?.point.seconds || 1
    return [
      element('span', {}, name, element('small', {}, publish)),
      listCell(hosts),
      pool,
      rate((own?.requests ?? 0) / seconds),
      milliseconds(own?.p95),
      rate((own?.failed ?? 0) / seconds),
      rate((own?.refused ?? 0) / seconds),
      count(own?.running ?? 0),
      count(own?.longPolls ?? 0),
    ]
  },
  empty: 'The file has no rule.',
})

const showCertificates = createTable(byId('certificate-table'), {
  caption: 'Certificates',
  columns: [
    { title: 'Names', isRowHeader: true },
    { title: 'Left' },
    { title: 'Expires' },
    { title: 'Issuer' },
    { title: 'Key' },
    { title: 'For' },
  ],
  keyOf: (/** @type {Certificate} */ { names, notAfter, keyType }) =>
    JSON.stringify([names, notAfter, keyType]),
  cells: ({ names, daysLeft: days, notAfter, issuer, keyType, rules, shownTo }) => [
    listCell(names),
    badge(toneOfDays(days), daysLeft(days)),
    element('time', { datetime: notAfter }, day(notAfter)),
    issuer,
    keyType,
    shownTo === 'administrators' ? 'this page' : listCell(rules),
  ],
  empty: 'There is no certificate.',
})

const showListeners = createTable(byId('listener-table'), {
  caption: 'Listeners',
  columns: [
    { title: 'Name', isRowHeader: true },
    { title: 'Address' },
    { title: 'HTTP', isNumber: true },
    { title: 'HTTPS', isNumber: true },
    { title: 'Stream', isNumber: true },
    { title: 'Open in the stream', isNumber: true },
  ],
  keyOf: (/** @type {ListenerStatus} */ { name }) => name,
  cells: ({ name, address, httpPort, httpsPort, streamPort }) => [
    name,
    address,
    portText(httpPort),
    portText(httpsPort),
    portText(streamPort),
    streamPort === null
      ? '–'
      : count(sample?.streams.find(({ stream }) => stream === name)?.connections ?? 0),
  ],
  empty: 'There is no listener.',
})

const showWorkers = createTable(byId('worker-table'), {
  caption: 'Processes that serve',
  columns: [
    { title: 'Process', isRowHeader: true },
    { title: 'Process ID', isNumber: true },
    { title: 'State' },
    { title: 'Connections', isNumber: true },
  ],
  keyOf: (/** @type {Worker} */ worker) => String(worker['number']),
  cells: (worker) => [
    String(worker['number']),
    String(worker['pid']),
    worker['leaving'] ? 'leaving' : worker['serving'] ? 'serving' : 'starting',
    count(Number(worker['connections'])),
  ],
  empty: 'The process that shows this page serves itself.',
})

const showRefusalCounts = createTable(byId('refusal-counts'), {
  caption: 'Refusals in the last quarter of an hour, by reason',
  columns: [
    { title: 'Reason', isRowHeader: true },
    { title: 'Refused', isNumber: true },
  ],
  keyOf: (/** @type {readonly [string, number]} */ [reason]) => reason,
  cells: ([reason, refused]) => [reason, count(refused)],
  empty: 'Nothing was refused.',
})

/** @param {Status} now */
export function showStatus(now) {
  status = now
  showRules(now.rules)
  showCertificates(now.certificates)
  showListeners(now.listeners)
  showWorkers(now.workers)
  showReload(now)
  showBlocked(now.blocked)
}

/**
 * @param {Sample} now
 * @param {readonly TrafficPoint[]} points
 */
export function showSample(now, points) {
  sample = now
  if (status) {
    showRules(status.rules)
    showListeners(status.listeners)
  }
  /** @type {Map<string, number>} */
  const sums = new Map()
  for (const [reason, refused] of points.flatMap(({ refusals }) => Object.entries(refusals)))
    sums.set(reason, (sums.get(reason) ?? 0) + refused)
  showRefusalCounts([...sums].sort(([, one], [, other]) => other - one))
}

/** @type {string} */
let shownReload = ''

/** @param {Status} now */
function showReload({ lastReload, revision, inForceSince }) {
  const key = JSON.stringify([lastReload, revision, inForceSince])
  if (key === shownReload) return
  shownReload = key
  const place = byId('reload')
  const inForce = `Revision ${revision} is in force since ${moment(inForceSince)}.`
  if (!lastReload) return place.replaceChildren(element('p', {}, `There was none. ${inForce}`))
  const { at, trigger, kind } = lastReload
  const by = {
    signal: 'a signal',
    file: 'a changed file',
    command: 'command',
    acme: 'a new certificate',
  }
  const words = Object.hasOwn(by, trigger) ? by[/** @type {keyof typeof by} */ (trigger)] : trigger
  const line = element(
    'p',
    {},
    badge(kind === 'failed' ? 'bad' : 'good', kind),
    ` ${moment(at)}, by ${words}. ${inForce}`,
  )
  place.replaceChildren(line)
  if (lastReload.kind === 'reloaded') {
    const changes = Object.entries(lastReload.changes).flatMap(([what, changed]) =>
      changeText(what, changed),
    )
    if (changes.length > 0)
      place.append(element('p', { class: 'note' }, `Changed: ${changes.join(', ')}.`))
  }
  if (lastReload.kind !== 'failed' || lastReload.problems.length === 0) return
  const table = element('div')
  place.append(table)
  createTable(table, {
    caption: 'Problems of the rules file',
    columns: [
      { title: 'Line', isNumber: true },
      { title: 'Severity' },
      { title: 'Where', isRowHeader: true },
      { title: 'Problem' },
    ],
    keyOf: (problem) => JSON.stringify(problem),
    cells: ({ line: at, column, severity, where, code, message, hint }) => [
      `${at}:${column}`,
      badge(severity === 'error' ? 'bad' : 'warn', severity),
      element('span', {}, where, element('small', {}, code)),
      hint === undefined ? message : element('span', {}, message, element('small', {}, hint)),
    ],
    empty: '',
  })(lastReload.problems)
}

/**
 * @param {string} what
 * @param {unknown} changed a number, or numbers by kind of change
 */
function changeText(what, changed) {
  if (typeof changed === 'number') return changed > 0 ? [`${what} ${changed}`] : []
  if (typeof changed !== 'object' || changed === null) return []
  const parts = Object.entries(changed).filter(([, value]) => Number(value) > 0)
  return parts.length > 0
    ? [`${what} (${parts.map(([kind, value]) => `${kind} ${value}`).join(', ')})`]
    : []
}

/** @param {number | null} port */
const portText = (port) => (port === null ? '–' : String(port))

/** The first few say enough. */
const LISTED = 4

/** @param {readonly string[]} names */
function listCell(names) {
  const shown = names.slice(0, LISTED).join(', ')
  const rest = names.length - LISTED
  if (rest <= 0) return shown === '' ? '–' : shown
  return element(
    'span',
    { title: names.join(', ') },
    shown,
    element('small', {}, `and ${rest} more`),
  )
}
