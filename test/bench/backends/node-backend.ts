/**
 * The back end for what a static server cannot do: checks uploads, signs in by NTLM, holds long polls.
 * `node-backend.ts PORT CERTIFICATE KEY`, TLS; counts are asked for over the channel.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { verify, writeChallenge } from '../../../src/lab/ntlm.ts'
import { ntlmMessageType } from '../../../src/ntlm/ntlm-message.ts'
import { CIPHER } from '../cipher.ts'
import { serveRemote } from '../remote.ts'

/** What a proof reads from `/prove`. */
export interface Received {
  readonly sha256: string
  readonly bytes: number
  readonly host: string | undefined
  /** Of the connection it came by. */
  readonly cipher: string
}

interface SignIn {
  challenge?: Buffer | undefined
  user?: string | undefined
}

const [port = '', certificate = '', key = ''] = process.argv.slice(2)
const signIns = new WeakMap<Socket, SignIn>()
let polls: ServerResponse[] = []
let uploadedBytes = 0

const server = createServer({
  cert: readFileSync(certificate),
  key: readFileSync(key),
  ciphers: CIPHER,
  // As IIS has them. With the hybrid, which Node would ask for, this would measure keys that no server of Lync makes.
  ecdhCurve: 'X25519:P-256:P-384',
})
server.keepAliveTimeout = 0
server.requestTimeout = 0
server.headersTimeout = 0
server.on('request', (req: IncomingMessage, res: ServerResponse) => {
  const { url = '' } = req
  if (url === '/upload') return upload(req, res)
  if (url === '/poll') return hold(res)
  if (url === '/ntlm') return requireUser(req, res)
  if (url === '/prove') return prove(req, res)
  res.end('x'.repeat(42))
})
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, () => {
  serveRemote<typeof api>(api)
  process.send?.({ id: 0 })
})

const api = {
  ready: async (_: null): Promise<boolean> => true,
  uploadedBytes: async (_: null): Promise<number> => uploadedBytes,
  waitingPolls: async (_: null): Promise<number> => polls.length,
  /** Answers every poll that waits now; how many these were. */
  releasePolls: async (_: null): Promise<number> => {
    const released = polls
    polls = []
    for (const res of released) res.end('x'.repeat(42))
    return released.length
  },
}

export type NodeBackendApi = typeof api

function upload(req: IncomingMessage, res: ServerResponse): void {
  req.on('data', (bytes: Buffer) => {
    uploadedBytes += bytes.length
  })
  req.on('end', () => res.end('x'.repeat(42)))
}

function hold(res: ServerResponse): void {
  polls.push(res)
  res.on('close', () => {
    if (!res.writableEnded) polls = polls.filter((each) => each !== res)
  })
}

function prove(req: IncomingMessage, res: ServerResponse): void {
  const hash = createHash('sha256')
  let bytes = 0
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    hash.update(chunk)
  })
  req.on('end', () => {
    const { name: cipher } = (req.socket as TLSSocket).getCipher()
    const { host } = req.headers
    const received: Received = { sha256: hash.digest('hex'), bytes, host, cipher }
    res.end(JSON.stringify(received))
  })
}

/** The connection is signed in, not the request, as in IIS. */
function requireUser(req: IncomingMessage, res: ServerResponse): void {
  const known = signIns.get(req.socket) ?? {}
  signIns.set(req.socket, known)
  const [, token] = /^NTLM +(\S+)$/i.exec(req.headers.authorization ?? '') ?? []
  if (token === undefined) {
    if (known.user !== undefined) return void res.end(known.user)
    return refuse(res, 'NTLM')
  }
  const message = Buffer.from(token, 'base64')
  const { challenge } = known
  known.challenge = undefined
  known.user = undefined
  if (ntlmMessageType(message) === 1) {
    known.challenge = randomBytes(8)
    return refuse(res, `NTLM ${writeChallenge(known.challenge, 'bench').toString('base64')}`)
  }
  known.user = challenge && verify(message, challenge)?.name
  if (known.user === undefined) return refuse(res, 'NTLM')
  res.end(known.user)
}

function refuse(res: ServerResponse, offer: string): void {
  res.writeHead(401, { 'WWW-Authenticate': offer, 'Content-Length': 0 })
  res.end()
}
