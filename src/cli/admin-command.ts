/** The frame of a command that talks to a running proxy: read the call, find the proxy, ask, print, exit code. */
import type { ErrorBody } from '../admin/api-error.ts'
import { type AdminCall, type CallShape, findTarget, readAdminCall } from './admin-call.ts'
import { type AdminReply, type AdminTarget, askAdmin } from './admin-client.ts'
import { type CommandIo, paint, printJson } from './output.ts'

/** Of the commands. */
export const DONE = 0
export const REFUSED = 1
export const WRONG_CALL = 2
export const TIMED_OUT = 3

export interface AdminCommand extends CallShape {
  readonly name: string
  readonly usage: string
}

/** Runs the command once its call is good and it is known where the proxy is. Resolves to the exit code. */
export async function withTarget(
  command: AdminCommand,
  args: readonly string[],
  io: CommandIo,
  run: (target: AdminTarget, call: AdminCall) => Promise<number>,
): Promise<number> {
  const call = readAdminCall(args, command)
  if (typeof call === 'string') return refuseCall(command, call, io)
  const target = await findTarget(call, io)
  if (!target.ok) {
    io.stderr(`lyncgate ${command.name}: ${target.error}\n`)
    return WRONG_CALL
  }
  return run(target.value, call)
}

export function refuseCall({ name, usage }: AdminCommand, why: string, io: CommandIo): number {
  io.stderr(`lyncgate ${name}: ${why}\n${usage}`)
  return WRONG_CALL
}

export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
}

/** The body of a good answer. Anything else is printed, and undefined comes back. */
export async function ask<Body extends object>(
  target: AdminTarget,
  { method, path }: Question,
  { json, io, name }: { readonly json: boolean; readonly io: CommandIo; readonly name: string },
): Promise<Body | undefined> {
  const asked = await askAdmin<Body>(target, method, path)
  if (!asked.ok) {
    io.stderr(`lyncgate ${name}: ${asked.error}\n`)
    return undefined
  }
  const { body } = asked.value
  if (isGood(asked.value)) return body as Body
  if (json) printJson(io, body)
  else printError(body as ErrorBody, io)
  return undefined
}

export const isGood = ({ status }: AdminReply<unknown>): boolean => status === 200

export function printError({ error }: Partial<ErrorBody>, io: CommandIo): void {
  if (!error) {
    io.stderr('lyncgate: an answer that cannot be understood\n')
    return
  }
  io.stderr(`${paint(io, 'red', 'error')} ${error.code}: ${error.message}\nhint: ${error.hint}\n`)
}
