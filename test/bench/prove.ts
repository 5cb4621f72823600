/** Before any figure counts: right status, body, Host at the back end, uploads whole, and the one cipher on both legs. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { createServer, Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import type { Received } from './backends/node-backend.ts'
import { CIPHER, clientTls } from './cipher.ts'
import { type BenchFiles, HOST, NODE_HOST } from './files.ts'
import { runWrk } from './load/wrk.ts'
import { BODY } from './nginx-text.ts'
import type { PeerPorts } from './peers/peer.ts'

const UPLOAD_BYTES = 3_000_000
const TIMEOUT_MS = 10_000
const WRK_MS = 200

interface Call {
  readonly port: number
  readonly isTls: boolean
  readonly host: string
  readonly path: string
  readonly upload?: Buffer
  readonly isChunked?: boolean
}

/** Undefined when all is well, else the first thing that is wrong. */
export async function findFault(files: BenchFiles, ports: PeerPorts): Promise<string | undefined> {
  const agents = {
    plain: new HttpAgent({ keepAlive: true }),
    tls: new HttpsAgent({ keepAlive: true, ca: files.rootPem, ...clientTls }),
  }
  const ask = (call: Call): Promise<Buffer> => send(call, call.isTls ? agents.tls : agents.plain)
  const side = (isTls: boolean) => ({ isTls, host: HOST, port: isTls ? ports.tls : ports.plain })
  const node = { isTls: true, host: NODE_HOST, port: ports.node, path: '/prove' }
  try {
    for (const isTls of [false, true]) {
      const [what, { host, port }] = [isTls ? 'TLS' : 'plain', side(isTls)]
      for (let time = 0; time < 3; time++) {
        const body = await ask({ isTls, host, port, path: '/' })
        if (body.toString() !== BODY) return `${what}: another body, ${body.length} bytes`
      }
      const seen = await ask({ isTls, host, port, path: '/host' })
      if (seen.toString() !== HOST) return `${what}: the server sees the host ${seen}`
      for (const [path, digest] of Object.entries(files.digests))
        if (sha256(await ask({ isTls, host, port, path })) !== digest)
          return `${what}: ${path} arrives changed`
    }
    for (const port of [ports.tls, ports.own]) {
      const cipher = await ask({ isTls: true, host: HOST, port, path: '/cipher' })
      if (cipher.toString() !== CIPHER) return `the server is asked by ${cipher}`
    }
    for (const isChunked of [false, true]) {
      const upload = randomBytes(UPLOAD_BYTES)
      const received = JSON.parse(
        (await ask({ ...node, upload, isChunked })).toString(),
      ) as Received
      if (received.sha256 !== sha256(upload))
        return `an upload arrives with ${received.bytes} bytes`
      if (received.host !== NODE_HOST) return `the server sees the host ${received.host}`
      if (received.cipher !== CIPHER) return `the server is asked by ${received.cipher}`
    }
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    agents.plain.destroy()
    agents.tls.destroy()
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

async function send(call: Call, agent: HttpAgent): Promise<Buffer> {
  const { port, host, path, upload, isChunked } = call
  const req = (call.isTls ? httpsRequest : httpRequest)({
    agent,
    host: '127.0.0.1',
    port,
    path,
    servername: host,
    method: upload ? 'POST' : 'GET',
    headers: { Host: host, ...(upload && !isChunked && { 'Content-Length': upload.length }) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (isChunked) req.write(upload?.subarray(0, 1000))
  req.end(isChunked ? upload?.subarray(1000) : upload)
  const [answer] = (await once(req, 'response')) as [IncomingMessage]
  const cipher = call.isTls ? (answer.socket as TLSSocket).getCipher().name : CIPHER
  const body = Buffer.concat(await answer.toArray())
  if (cipher !== CIPHER) throw new Error(`it answers by ${cipher}`)
  if (answer.statusCode !== 200) throw new Error(`${path} is answered with ${answer.statusCode}`)
  return body
}

/** wrk cannot say what it speaks, so a server that would rather have another cipher does. Undefined when all is well. */
export async function findFaultOfWrk(files: BenchFiles): Promise<string | undefined> {
  const { certificate, key } = files.own
  const server = createServer({
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ciphers: `TLS_AES_128_GCM_SHA256:${CIPHER}`,
    honorCipherOrder: true,
  })
  server.on('request', (_req, res) => res.end(BODY))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const cipher = once(server, 'secureConnection').then(([socket]) => socket.getCipher().name)
  // Not at its first request, for then wrk may not yet know what SIGINT means.
  const stop = once(server, 'request').then(() => sleep(WRK_MS))
  const load = { directory: files.directory, host: HOST, connections: 1, stop }
  try {
    await runWrk({ ...load, url: `https://127.0.0.1:${port}/` })
    const name: string = await cipher
    return name === CIPHER ? undefined : `wrk asks by ${name}`
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
