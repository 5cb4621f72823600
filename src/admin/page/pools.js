/** Pools and their servers. */
import { badge, element, setText } from './elements.js'
import { count, timeOfDay } from './format.js'
import { createTable } from './tables.js'

/** @import { PoolStatus, ServerStatus } from '../describe-status.ts' */

/** @typedef {(pool: PoolStatus, server: ServerStatus, isDrain: boolean) => void} OnAction */

/**
 * @param {HTMLElement} place
 * @param {OnAction} onAction
 * @returns {(pools: readonly PoolStatus[]) => void}
 */
export function createPools(place, onAction) {
  /** @type {Map<string, { card: HTMLElement, show: (pool: PoolStatus) => void }>} */
  const cards = new Map()
  return (pools) => {
    for (const [name, { card }] of cards) {
      if (pools.some((pool) => pool.name === name)) continue
      card.remove()
      cards.delete(name)
    }
    for (const pool of pools) {
      const known = cards.get(pool.name) ?? createCard(pool.name, onAction)
      cards.set(pool.name, known)
      known.show(pool)
      if (!known.card.isConnected) place.append(known.card)
    }
  }
}

/**
 * @param {string} name
 * @param {OnAction} onAction
 */
function createCard(name, onAction) {
  const summary = element('span', { class: 'note' })
  const table = element('div')
  const card = element(
    'div',
    { class: 'card' },
    element('div', { class: 'card-head' }, element('h3', {}, name), summary),
    table,
  )
  /** @type {PoolStatus | undefined} */
  let pool
  const showServers = createTable(table, {
    caption: `Servers of ${name}`,
    columns: [
      { title: 'Server', isRowHeader: true },
      { title: 'Health' },
      { title: 'New clients' },
      { title: 'In progress', isNumber: true },
      { title: 'Signed in', isNumber: true },
      { title: 'Weight', isNumber: true },
      { title: 'Action' },
    ],
    keyOf: (/** @type {ServerStatus} */ server) => server.name,
    cells: (server) => [
      server.name,
      healthCell(server),
      stateCell(server),
      count(server.inFlight),
      count(server.pinned),
      count(server.weight),
      actionCell(server),
    ],
    empty: 'This pool has no server.',
  })
  table.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null
    const server = pool?.servers.find((each) => each.name === button?.value)
    if (pool && server && button) onAction(pool, server, button.name === 'drain')
  })
  return {
    card,
    show: (/** @type {PoolStatus} */ now) => {
      pool = now
      const good = now.servers.filter(
        ({ health }) => health === 'healthy' || health === 'unchecked',
      )
      const affinity = now.affinity === 'none' ? 'no affinity' : `affinity by ${now.affinity}`
      setText(summary, `${good.length} of ${now.servers.length} well · ${affinity}`)
      showServers(now.servers)
    },
  }
}

/** @type {Readonly<Record<ServerStatus['health'], readonly ['good' | 'bad' | 'warn' | 'plain', string]>>} */
const HEALTH = {
  healthy: ['good', 'Healthy'],
  unhealthy: ['bad', 'Unhealthy'],
  unknown: ['warn', 'Not known yet'],
  unchecked: ['plain', 'Not checked'],
}

/** @param {ServerStatus} server */
function healthCell({ health, reason, ejectedUntil }) {
  const cell = element('span', {}, badge(...HEALTH[health]))
  if (reason !== null) cell.append(element('small', {}, reason))
  if (ejectedUntil !== null) {
    cell.append(badge('warn', 'Ejected'))
    cell.append(element('small', {}, `met trouble, until ${timeOfDay(ejectedUntil)}`))
  }
  return cell
}

/** @param {ServerStatus} server */
function stateCell({ draining, empty, health }) {
  if (draining === 'no') return health === 'unhealthy' ? 'not now' : 'yes'
  const cell = element('span', {}, badge('warn', empty ? 'Drained, empty' : 'Draining'))
  const by = {
    'by-file': 'by the file',
    'by-command': 'by command',
    'by-both': 'by file and command',
  }
  cell.append(element('small', {}, by[draining]))
  return cell
}

/** @param {ServerStatus} server */
function actionCell({ name, draining }) {
  if (draining === 'by-file') return element('small', {}, 'see the rules file')
  const isDrain = draining === 'no'
  return element(
    'button',
    { type: 'button', name: isDrain ? 'drain' : 'undrain', value: name },
    isDrain ? 'Drain' : 'Undrain',
    element('span', { class: 'unseen' }, ` ${name}`),
  )
}
