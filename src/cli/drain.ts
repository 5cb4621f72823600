/** `lyncgate drain POOL/SERVER` and `undrain`: takes a server out of a running proxy without ending a conversation. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerStatus, Status } from '../admin/describe-status.ts'
import type { DrainBody } from '../admin/routes.ts'
import { parseDuration } from '../base/duration.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import { ADMIN_OPTIONS } from './admin-call.ts'
import type { AdminTarget } from './admin-client.ts'
import {
  type AdminCommand,
  ask,
  DONE,
  REFUSED,
  refuseCall,
  TIMED_OUT,
  withTarget,
} from './admin-command.ts'
import { type CommandIo, paint, printJson } from './output.ts'

export const drainUsage = `usage: lyncgate drain POOL/SERVER [--wait] [--timeout DURATION] ${ADMIN_OPTIONS}\n`
export const undrainUsage = `usage: lyncgate undrain POOL/SERVER ${ADMIN_OPTIONS}\n`

/** For `--help`, before what all of these commands know. */
export const drainDetails = `
  POOL/SERVER        such as pool01/fe01.contoso.local, with its HTTPS port where that is not clear
  --wait             comes back when nobody is served by it or signed in there any more
  --timeout DURATION how long to wait for that, default 30m
`

const drain: AdminCommand = { name: 'drain', usage: drainUsage, positionals: 1, waits: true }
const undrain: AdminCommand = { name: 'undrain', usage: undrainUsage, positionals: 1, waits: false }

/** Resolves to the exit code: 0 it drains (with `--wait`: it is empty), 1 refused, 2 the call was wrong, 3 time-out. */
export const runDrain = (args: readonly string[], io: CommandIo): Promise<number> =>
  act(drain, args, io)

/** Resolves to the exit code: 0 it takes clients again, 1 refused, 2 the call was wrong. */
export const runUndrain = (args: readonly string[], io: CommandIo): Promise<number> =>
  act(undrain, args, io)

function act(command: AdminCommand, args: readonly string[], io: CommandIo): Promise<number> {
  return withTarget(command, args, io, async (target, call) => {
    const [pool = '', server = ''] = splitPlace(call.positionals[0] ?? '')
    if (pool === '' || server === '') return refuseCall(command, 'no POOL/SERVER given', io)
    const timeout = parseDuration(call.timeout)
    if (!timeout.ok) return refuseCall(command, `--timeout: ${timeout.error}`, io)
    const path = `/api/pools/${encodeURIComponent(pool)}/servers/${encodeURIComponent(server)}`
    const { json } = call
    const question = { method: 'POST', path: `${path}/${command.name}` } as const
    const body = await ask<DrainBody>(target, question, { json, io, name: command.name })
    if (!body) return REFUSED
    if (command === drain && body.taking === 0)
      io.stderr(`warning: no server of ${pool} takes new clients now, they get 503\n`)
    const drained = { target, io, json, waitMs: timeout.value }
    if (call.wait) return waitUntilEmpty(body, drained)
    if (json) printJson(io, body)
    else io.stdout(`${sentence(body, io)}\n`)
    return DONE
  })
}

function splitPlace(place: string): readonly [string, string] {
  const at = place.indexOf('/')
  return at < 0 ? ['', ''] : [place.slice(0, at), place.slice(at + 1)]
}

function sentence({ pool, server }: DrainBody, io: CommandIo): string {
  const name = `${pool}/${server.name}`
  if (server.draining === 'no') return `${name} takes clients again`
  return `${name} drains: ${server.empty ? paint(io, 'green', 'it is empty') : whoIsLeft(server)}`
}

/** Whether nobody is left is sure only after a moment. */
const whoIsLeft = ({ inFlight, pinned }: ServerStatus): string =>
  inFlight + pinned === 0 ? 'nobody is seen there' : `in progress ${inFlight}, signed in ${pinned}`

interface Waiting {
  readonly target: AdminTarget
  readonly io: CommandIo
  readonly json: boolean
  readonly waitMs: number
}

const LOOK_MS = 1_000

async function waitUntilEmpty(
  first: DrainBody,
  { target, io, json, waitMs }: Waiting,
): Promise<number> {
  const question = { method: 'GET', path: '/api/status' } as const
  const deadline = monotonicNow() + waitMs
  let body = first
  let said = ''
  for (;;) {
    const line = sentence(body, io)
    // Progress is no part of JSON.
    if (line !== said) (json ? io.stderr : io.stdout)(`${line}\n`)
    said = line
    if (body.server.draining === 'no') {
      io.stderr('somebody has taken the drain back\n')
      return REFUSED
    }
    const isOver = body.server.empty || monotonicNow() >= deadline
    if (isOver && json) printJson(io, body)
    if (body.server.empty) return DONE
    if (isOver) {
      io.stderr('the time is over; it goes on draining\n')
      return TIMED_OUT
    }
    await sleep(Math.min(LOOK_MS, Math.max(0, deadline - monotonicNow())))
    const status = await ask<Status>(target, question, { json, io, name: 'drain' })
    if (!status) return REFUSED
    const server = status.pools
      .find(({ name }) => name === body.pool)
      ?.servers.find(({ name }) => name === body.server.name)
    if (!server) {
      io.stderr('the rules file does not have this server any more\n')
      return REFUSED
    }
    body = { ...body, server }
  }
}
