/**
 * `web` and a path of one's own: GET over verified TLS. Microsoft's probe "must not contain any ACCEPT header and must
 * return 200 OK" (Requirements for simple URLs), and UCWA knows no HEAD, so nothing but GET is ever sent.
 *
 * Every check has a connection of its own, with a full handshake: a resumed session would not look at the certificate.
 */
import { type IncomingMessage, request } from 'node:http'
import { isIP } from 'node:net'
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls'
import { lookUpServer } from '../pools/look-up-server.ts'
import type { BackendTls } from '../pools/server.ts'
import { bad, type CheckResult, GOOD, reasonOf } from './check-result.ts'

export interface WebQuestion {
  readonly address: string
  readonly port: number
  readonly tls: BackendTls
  readonly host: string
  readonly path: string
  /** The status that is good. */
  readonly status: number
  /** Text that must stand in the answer. */
  readonly body: string | undefined
}

const MAX_HEAD = 64 * 1024
const MAX_BODY = 64 * 1024

/** @returns a way to give it up */
export function checkWeb(
  question: WebQuestion,
  timeoutMs: number,
  done: (result: CheckResult) => void,
): () => void {
  const outgoing = ask(question)
  let isOver = false
  let isConnected = false
  const end = (result?: CheckResult): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    outgoing.destroy()
    if (result) done(result)
  }
  const timer = setTimeout(
    () => end(bad(`no ${isConnected ? 'answer' : 'connection'} within ${timeoutMs} ms`)),
    timeoutMs,
  )
  outgoing.on('socket', (socket) => socket.once('secureConnect', () => (isConnected = true)))
  outgoing.on('error', (error) => end(bad(reasonOf(error))))
  outgoing.on('response', (answer) => judge(answer, question, end))
  // A 101 that nobody asked for takes the socket out of HTTP; without a listener Node destroys it silently.
  outgoing.on('upgrade', () => end(bad('status 101')))
  outgoing.on('close', () => end(bad('connection closed before the answer')))
  outgoing.end()
  return () => end()
}

function ask({ address, port, tls, host, path }: WebQuestion) {
  const options = {
    host: address,
    port,
    lookup: lookUpServer,
    ...(isIP(tls.serverName) ? {} : { servername: tls.serverName }),
    secureContext: tls.secureContext,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      checkServerIdentity(tls.serverName, certificate),
    rejectUnauthorized: !tls.insecureSkipVerify,
    ALPNProtocols: ['http/1.1'],
  }
  return request({
    method: 'GET',
    path,
    headers: { Host: host, 'User-Agent': 'lyncgate-health-check', Connection: 'close' },
    maxHeaderSize: MAX_HEAD,
    createConnection: () => connect(options),
  })
}

function judge(
  answer: IncomingMessage,
  { status, body }: WebQuestion,
  end: (result: CheckResult) => void,
): void {
  answer.on('error', (error) => end(bad(reasonOf(error))))
  if (answer.statusCode !== status) return end(bad(`status ${answer.statusCode}`))
  if (body === undefined) return end(GOOD)
  const wanted = Buffer.from(body)
  let text = Buffer.alloc(0)
  answer.on('data', (bytes: Buffer) => {
    text = Buffer.concat([text, bytes])
    if (text.includes(wanted)) end(GOOD)
    else if (text.length >= MAX_BODY) end(bad(`"${body}" is not in the answer`))
  })
  answer.on('end', () => end(bad(`"${body}" is not in the answer`)))
}
