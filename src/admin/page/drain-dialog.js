/** Drain and undrain, each after a question. */
import { askToAct } from './action-dialog.js'
import { takesClients } from './attention.js'

/** @import { PoolStatus, ServerStatus } from '../describe-status.ts' */

/**
 * @typedef {object} Wish
 * @property {PoolStatus} pool
 * @property {ServerStatus} server
 * @property {boolean} isDrain
 */

/** @param {Wish} wish */
export function askToDrain({ pool, server, isDrain }) {
  const verb = isDrain ? 'Drain' : 'Undrain'
  const others = pool.servers.filter((each) => each !== server && takesClients(each))
  const place = `/api/pools/${encodeURIComponent(pool.name)}/servers/${encodeURIComponent(server.name)}`
  askToAct({
    title: `${verb} ${server.name}?`,
    effect: isDrain ? drainEffect(server) : UNDRAIN_EFFECT,
    ...(isDrain && others.length === 0 && { warning: aloneWarning(pool) }),
    verb,
    path: `${place}/${isDrain ? 'drain' : 'undrain'}`,
  })
}

const UNDRAIN_EFFECT = 'It takes new clients again as soon as its checks are good.'

/** @param {ServerStatus} server */
const drainEffect = ({ inFlight, pinned }) =>
  'It takes no new clients. Conversations that run go on to their end ' +
  `(in progress: ${inFlight}, signed in: ${pinned}). It ends when lyncgate is started again; ` +
  'to drain for longer, write it into the rules file.'

/** @param {PoolStatus} pool */
const aloneWarning = ({ name }) =>
  `No other server of ${name} is well and takes new clients: they may get 503.`
