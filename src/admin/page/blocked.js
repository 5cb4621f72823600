/** Whom the sign-in guard blocks, with an end of it. Names are what clients chose to send. */
import { askToAct } from './action-dialog.js'
import { byId, element, setText } from './elements.js'
import { count, moment } from './format.js'
import { createTable } from './tables.js'

/** @import { BlockedSummary, ShownBlock } from '../describe-blocked.ts' */

const showRows = createTable(byId('blocked-table'), {
  caption: 'Users and clients that are blocked',
  columns: [
    { title: 'Who', isRowHeader: true },
    { title: 'Failures', isNumber: true },
    { title: 'Until' },
    { title: 'Action' },
  ],
  keyOf: (/** @type {ShownBlock} */ row) => keyOf(row),
  cells: (row) => [
    element('span', {}, row.name, element('small', {}, row.kind)),
    count(row.failures),
    element('time', { datetime: row.until }, moment(row.until)),
    unblockButton(row),
  ],
  empty: 'Nobody is blocked.',
})

/** @param {ShownBlock} row */
const keyOf = ({ kind, name }) => `${kind} ${name}`

/** @param {ShownBlock} row */
function unblockButton(row) {
  const unseen = element('span', { class: 'unseen' }, ` ${row.kind} ${row.name}`)
  const button = document.createElement('button')
  button.type = 'button'
  // A value is never markup.
  button.value = keyOf(row)
  button.append('Unblock', unseen)
  return button
}

/** @type {readonly ShownBlock[]} */
let shown = []

byId('blocked-table').addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('button') : null
  const row = shown.find((each) => keyOf(each) === button?.value)
  if (row) askToUnblock(row)
})

/** @param {ShownBlock} row */
function askToUnblock({ kind, name }) {
  askToAct({
    title: `Unblock ${kind} ${name}?`,
    effect:
      'The failed sign-ins that were counted are forgotten, and sign-ins are passed on again. ' +
      'An account that the domain itself has locked stays locked.',
    verb: 'Unblock',
    path: `/api/blocked/${kind}s/${encodeURIComponent(name)}/unblock`,
    // The row goes, and the button that had the focus with it.
    onDone: () => byId('blocked-heading').focus(),
  })
}

/** @param {BlockedSummary} summary */
export function showBlocked({ mode, total, rows }) {
  const isOff = mode === 'off'
  byId('blocked').hidden = isOff
  byId('blocked-link').hidden = isOff
  shown = rows
  const notes = [
    mode === 'observe' ? 'The guard observes: nobody is refused.' : '',
    total > rows.length
      ? `The newest ${count(rows.length)} of ${count(total)}; lyncgate blocked lists all.`
      : '',
  ].filter((note) => note !== '')
  byId('blocked-note').hidden = notes.length === 0
  setText(byId('blocked-note'), notes.join(' '))
  showRows(rows)
}
