/** Tables that follow their data: a row stays the same element as long as its key is there, and so does the focus in it. */
import { element } from './elements.js'

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {boolean} [isNumber]
 * @property {boolean} [isRowHeader] the cell that names the row
 */

/**
 * @template Item
 * @typedef {object} TableOf
 * @property {string} caption for screen readers
 * @property {readonly Column[]} columns
 * @property {(item: Item) => string} keyOf
 * @property {(item: Item) => readonly (string | Node)[]} cells one per column
 * @property {(item: Item) => string} [tone] a class of the row
 * @property {string} empty what is said when there is no row
 */

/**
 * @template Item
 * @param {HTMLElement} place
 * @param {TableOf<Item>} table
 * @returns {(items: readonly Item[]) => void} shows these rows, in this order
 */
export function createTable(place, { caption, columns, keyOf, cells, tone, empty }) {
  const head = columns.map(({ title, isNumber }) =>
    element('th', { scope: 'col', ...(isNumber && { class: 'number' }) }, title),
  )
  const body = element('tbody')
  const table = element(
    'table',
    {},
    element('caption', { class: 'unseen' }, caption),
    element('thead', {}, element('tr', {}, ...head)),
    body,
  )
  const nothing = element('p', { class: 'note' }, empty)
  place.replaceChildren(nothing)
  /** @type {Map<string, { row: HTMLElement, shown: string }>} */
  let rows = new Map()

  return (items) => {
    /** @type {typeof rows} */
    const next = new Map()
    for (const item of items) {
      const key = keyOf(item)
      const made = cells(item)
      const shown = JSON.stringify([tone?.(item), made.map(shownOf)])
      const known = rows.get(key)
      const entry = known ?? { row: element('tr'), shown: '' }
      if (entry.shown !== shown) fill(entry.row, made, columns)
      entry.shown = shown
      entry.row.className = tone?.(item) ?? ''
      next.set(key, entry)
    }
    for (const [key, { row }] of rows) if (!next.has(key)) row.remove()
    rows = next
    let before = body.firstElementChild
    for (const { row } of rows.values()) {
      if (row === before) before = before.nextElementSibling
      else body.insertBefore(row, before)
    }
    const wanted = rows.size > 0 ? table : nothing
    if (place.firstElementChild !== wanted) place.replaceChildren(wanted)
  }
}

/** @param {string | Node} cell */
const shownOf = (cell) =>
  typeof cell === 'string' ? cell : cell instanceof Element ? cell.outerHTML : cell.textContent

/**
 * Cells that stay the same stay the same elements: a button in them keeps the focus.
 * @param {HTMLElement} row
 * @param {readonly (string | Node)[]} made
 * @param {readonly Column[]} columns
 */
function fill(row, made, columns) {
  for (const [at, column] of columns.entries()) {
    const content = made[at] ?? ''
    const cell = row.children[at]
    if (!cell) {
      row.append(cellOf(column, content))
      continue
    }
    const now = cell.childNodes[0]
    const isSame =
      content instanceof Element
        ? now instanceof Element && now.outerHTML === content.outerHTML
        : cell.children.length === 0 && cell.textContent === content
    if (!isSame) cell.replaceChildren(content)
  }
}

/**
 * @param {Column} column
 * @param {string | Node} content
 */
function cellOf({ title, isNumber, isRowHeader }, content) {
  const attributes = { 'data-title': title, ...(isNumber && { class: 'number' }) }
  return isRowHeader
    ? element('th', { scope: 'row', ...attributes }, content)
    : element('td', attributes, content)
}
