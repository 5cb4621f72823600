/** Makes and finds elements. Text from outside only ever becomes text: there is no way to markup in here. */

/**
 * @param {string} tag
 * @param {Record<string, string | undefined>} [attributes] ours, never from outside; undefined leaves one out
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/**
 * The element with an id; the page has it.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found
}

/**
 * As `byId`, of a kind.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function byIdOf(id, kind) {
  const found = byId(id)
  if (!(found instanceof kind)) throw new Error(`${id} is no ${kind.name}`)
  return found
}

/**
 * Changes the text only when it differs, so that a reader or a selection is not disturbed.
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text
}

/**
 * A word with a colour that says the same.
 * @param {'good' | 'warn' | 'bad' | 'plain'} tone
 * @param {string} text
 */
export const badge = (tone, text) => element('span', { class: `badge ${tone}` }, text)
