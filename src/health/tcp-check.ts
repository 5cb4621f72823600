/**
 * `tcp` and `tcp:PORT`: does the server accept a connection? Microsoft watches 5061 of a Front End that way ("Load
 * balancing requirements for Skype for Business"): its services stop listening there when they are not well.
 */
import { connect } from 'node:net'
import { lookUpServer } from '../pools/look-up-server.ts'
import { bad, type CheckResult, GOOD, reasonOf } from './check-result.ts'

export interface TcpAddress {
  readonly address: string
  readonly port: number
}

/** @returns a way to give it up */
export function checkTcp(
  { address, port }: TcpAddress,
  timeoutMs: number,
  done: (result: CheckResult) => void,
): () => void {
  const socket = connect({ host: address, port, lookup: lookUpServer })
  let isOver = false
  const end = (result?: CheckResult): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    // A reset leaves no TIME_WAIT behind, check after check.
    if (socket.connecting) socket.destroy()
    else socket.resetAndDestroy()
    if (result) done(result)
  }
  const timer = setTimeout(() => end(bad(`no connection within ${timeoutMs} ms`)), timeoutMs)
  socket.on('error', (error) => end(bad(reasonOf(error))))
  socket.once('connect', () => end(GOOD))
  return () => end()
}
