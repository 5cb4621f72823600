/** Asks for the admin token. */
import { useToken } from './ask.js'
import { byId, byIdOf, setText } from './elements.js'

const dialog = byIdOf('token-dialog', HTMLDialogElement)
const input = byIdOf('token-input', HTMLInputElement)

/** @type {(isGiven: boolean) => void} */
let settle = () => {}

byIdOf('token-dialog', HTMLDialogElement)
  .querySelector('form')
  ?.addEventListener('submit', (event) => {
    // The form leads nowhere: the token must not get into an address.
    event.preventDefault()
    const value = input.value.trim()
    if (value === '') return
    useToken(value)
    settle(true)
    dialog.close()
  })
dialog.querySelector('.cancel')?.addEventListener('click', () => dialog.close())
dialog.addEventListener('close', () => {
  input.value = ''
  settle(false)
})

/**
 * @param {string} reason why it is needed
 * @param {string} [error] what was wrong with the last one
 * @returns {Promise<boolean>} false: somebody does not want to give one
 */
export function askForToken(reason, error = '') {
  setText(byId('token-reason'), reason)
  setText(byId('token-error'), error)
  if (!dialog.open) dialog.showModal()
  input.focus()
  return new Promise((resolve) => {
    settle = resolve
  })
}
