/** Something is done to the running proxy: after a question, and with the token. */
import { ask, errorOf, hasToken, isAboutToken, useToken } from './ask.js'
import { byId, byIdOf, setText } from './elements.js'

/**
 * @typedef {object} Action
 * @property {string} title the question
 * @property {string} effect what will happen
 * @property {string} [warning]
 * @property {string} verb on the button
 * @property {string} path of the POST request
 * @property {() => void} [onDone]
 */

const dialog = byIdOf('action-dialog', HTMLDialogElement)
const confirm = byIdOf('action-confirm', HTMLButtonElement)
const input = byIdOf('action-token', HTMLInputElement)

/** @type {Action | undefined} */
let action

/** @param {Action} asked */
export function askToAct(asked) {
  action = asked
  const { title, effect, warning, verb } = asked
  setText(byId('action-title'), title)
  setText(byId('action-effect'), effect)
  byId('action-warning').hidden = warning === undefined
  setText(byId('action-warning'), warning ?? '')
  setText(confirm, verb)
  showToken(!hasToken())
  setText(byId('action-error'), '')
  dialog.showModal()
}

/** @param {boolean} isWanted */
function showToken(isWanted) {
  byId('action-token-field').hidden = !isWanted
  input.required = isWanted
  if (isWanted) input.focus()
}

dialog.querySelector('.cancel')?.addEventListener('click', () => dialog.close())
dialog.addEventListener('close', () => {
  input.value = ''
  action = undefined
})
dialog.querySelector('form')?.addEventListener('submit', (event) => {
  event.preventDefault()
  if (action && !confirm.disabled) void act(action)
})

/** @param {Action} asked */
async function act({ path, onDone }) {
  if (input.required) useToken(input.value.trim())
  confirm.disabled = true
  setText(byId('action-error'), '')
  try {
    const error = await errorOf(await ask(path, { method: 'POST' }))
    if (!error) {
      dialog.close()
      onDone?.()
      return
    }
    setText(byId('action-error'), `${error.message}: ${error.hint}.`)
    if (!isAboutToken(error)) return
    useToken(undefined)
    showToken(true)
    input.select()
  } catch {
    setText(byId('action-error'), 'lyncgate does not answer.')
  } finally {
    confirm.disabled = false
  }
}
