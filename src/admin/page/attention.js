/** What an administrator should look at, from the worst to the least. */

/** @import { Status, ServerStatus } from '../describe-status.ts' */

/**
 * @typedef {object} Concern
 * @property {'bad' | 'warn'} tone
 * @property {string} text
 * @property {string} href the section that says more
 */

/** Days that are left, as in the log. */
const WARN_DAYS = 30
const BAD_DAYS = 7

/**
 * @param {Status} status
 * @returns {readonly Concern[]}
 */
export function concernsOf(status) {
  const concerns = [
    ...status.pools.flatMap((pool) => poolConcerns(pool.name, pool.servers)),
    ...reloadConcerns(status),
    ...status.certificates.flatMap(certificateConcerns),
    ...status.workers.filter(({ serving }) => serving === false).map(workerConcern),
  ]
  if (!status.ready) concerns.push(bad('Not ready: load balancers send no clients here.', '#pools'))
  return [
    ...concerns.filter(({ tone }) => tone === 'bad'),
    ...concerns.filter(({ tone }) => tone === 'warn'),
  ]
}

/**
 * @param {string} text
 * @param {string} href
 * @returns {Concern}
 */
const bad = (text, href) => ({ tone: 'bad', text, href })

/**
 * @param {string} text
 * @param {string} href
 * @returns {Concern}
 */
const warn = (text, href) => ({ tone: 'warn', text, href })

/**
 * A server that could be given to a new client.
 * @param {ServerStatus} server
 */
export const takesClients = ({ health, draining }) =>
  draining === 'no' && (health === 'healthy' || health === 'unchecked')

/**
 * @param {string} pool
 * @param {readonly ServerStatus[]} servers
 * @returns {readonly Concern[]}
 */
function poolConcerns(pool, servers) {
  const href = '#pools'
  const own = servers.flatMap((server) => serverConcerns(pool, server))
  if (servers.length === 0 || servers.some(takesClients)) return own
  return [bad(`No server of ${pool} is well and takes new clients.`, href), ...own]
}

/**
 * @param {string} pool
 * @param {ServerStatus} server
 * @returns {readonly Concern[]}
 */
function serverConcerns(
  pool,
  { name, health, reason, ejectedUntil, draining, empty, insecureSkipVerify },
) {
  const href = '#pools'
  const concerns = []
  if (health === 'unhealthy')
    concerns.push(bad(`${name} in ${pool} fails its checks${reason ? `: ${reason}` : ''}.`, href))
  if (health === 'unknown')
    concerns.push(warn(`${name} in ${pool} has not been checked yet.`, href))
  if (ejectedUntil !== null)
    concerns.push(warn(`${name} in ${pool} met trouble with clients; others are preferred.`, href))
  if (draining !== 'no')
    concerns.push(warn(`${name} in ${pool} drains${empty ? ' and is empty' : ''}.`, href))
  if (insecureSkipVerify)
    concerns.push(warn(`The certificate of ${name} in ${pool} is not verified.`, href))
  return concerns
}

/**
 * @param {Status} status
 * @returns {readonly Concern[]}
 */
function reloadConcerns({ lastReload, revision }) {
  if (lastReload?.kind !== 'failed') return []
  const problems = lastReload.problems.length
  const text = `The last reload failed (problems: ${problems}); revision ${revision} stays in force.`
  return [bad(text, '#configuration')]
}

/**
 * @param {Status['certificates'][number]} certificate
 * @returns {readonly Concern[]}
 */
function certificateConcerns({ names, daysLeft }) {
  if (daysLeft >= WARN_DAYS) return []
  const name = names[0] ?? 'without a name'
  const text =
    daysLeft < 0
      ? `The certificate ${name} has expired.`
      : `The certificate ${name} expires in ${daysLeft} days.`
  return [(daysLeft < BAD_DAYS ? bad : warn)(text, '#certificates')]
}

/**
 * @param {Status['workers'][number]} worker
 * @returns {Concern}
 */
const workerConcern = ({ number }) =>
  warn(`Process ${number} does not serve yet.`, '#configuration')

/**
 * @param {number} days
 * @returns {'good' | 'warn' | 'bad'}
 */
export function toneOfDays(days) {
  if (days < BAD_DAYS) return 'bad'
  return days < WARN_DAYS ? 'warn' : 'good'
}
