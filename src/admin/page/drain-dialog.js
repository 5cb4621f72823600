/** Drain and undrain, each after a question. */
import { ask, errorOf, hasToken, isAboutToken, useToken } from './ask.js'
import { takesClients } from './attention.js'
import { byId, byIdOf, setText } from './elements.js'

/** @import { PoolStatus, ServerStatus } from '../describe-status.ts' */

/**
 * @typedef {object} Wish
 * @property {PoolStatus} pool
 * @property {ServerStatus} server
 * @property {boolean} isDrain
 */

const dialog = byIdOf('drain-dialog', HTMLDialogElement)
const confirm = byIdOf('drain-confirm', HTMLButtonElement)
const input = byIdOf('drain-token', HTMLInputElement)

/** @type {Wish | undefined} */
let wish

/** @param {Wish} asked */
export function askToDrain(asked) {
  wish = asked
  const { pool, server, isDrain } = asked
  const verb = isDrain ? 'Drain' : 'Undrain'
  setText(byId('drain-title'), `${verb} ${server.name}?`)
  setText(byId('drain-effect'), isDrain ? drainEffect(server) : UNDRAIN_EFFECT)
  const others = pool.servers.filter((each) => each !== server && takesClients(each))
  const warning = byId('drain-warning')
  warning.hidden = !isDrain || others.length > 0
  setText(
    warning,
    `No other server of ${pool.name} is well and takes new clients: they may get 503.`,
  )
  setText(confirm, verb)
  showToken(!hasToken())
  setText(byId('drain-error'), '')
  dialog.showModal()
}

const UNDRAIN_EFFECT = 'It takes new clients again as soon as its checks are good.'

/** @param {ServerStatus} server */
const drainEffect = ({ inFlight, pinned }) =>
  'It takes no new clients. Conversations that run go on to their end ' +
  `(in progress: ${inFlight}, signed in: ${pinned}). It ends when lyncgate is started again; ` +
  'to drain for longer, write it into the rules file.'

/** @param {boolean} isWanted */
function showToken(isWanted) {
  byId('drain-token-field').hidden = !isWanted
  input.required = isWanted
  if (isWanted) input.focus()
}

dialog.querySelector('.cancel')?.addEventListener('click', () => dialog.close())
dialog.addEventListener('close', () => {
  input.value = ''
  wish = undefined
})
dialog.querySelector('form')?.addEventListener('submit', (event) => {
  event.preventDefault()
  if (wish && !confirm.disabled) void act(wish)
})

/** @param {Wish} wish */
async function act({ pool, server, isDrain }) {
  if (input.required) useToken(input.value.trim())
  confirm.disabled = true
  setText(byId('drain-error'), '')
  try {
    const place = `/api/pools/${encodeURIComponent(pool.name)}/servers/${encodeURIComponent(server.name)}`
    const response = await ask(`${place}/${isDrain ? 'drain' : 'undrain'}`, { method: 'POST' })
    const error = await errorOf(response)
    if (!error) return dialog.close()
    setText(byId('drain-error'), `${error.message}: ${error.hint}.`)
    if (!isAboutToken(error)) return
    useToken(undefined)
    showToken(true)
    input.select()
  } catch {
    setText(byId('drain-error'), 'lyncgate does not answer.')
  } finally {
    confirm.disabled = false
  }
}
