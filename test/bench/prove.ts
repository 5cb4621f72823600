/** Before any figure counts: right status, body, Host at the back end, uploads whole. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Received } from './backends/node-backend.ts'
import { type BenchFiles, HOST, NODE_HOST } from './files.ts'
import { BODY } from './nginx-text.ts'
import type { PeerPorts } from './peers/peer.ts'

const UPLOAD_BYTES = 3_000_000
const TIMEOUT_MS = 10_000

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
    tls: new HttpsAgent({ keepAlive: true, ca: files.rootPem }),
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
    for (const isChunked of [false, true]) {
      const upload = randomBytes(UPLOAD_BYTES)
      const received = JSON.parse(
        (await ask({ ...node, upload, isChunked })).toString(),
      ) as Received
      if (received.sha256 !== sha256(upload))
        return `an upload arrives with ${received.bytes} bytes`
      if (received.host !== NODE_HOST) return `the server sees the host ${received.host}`
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
  const body = Buffer.concat(await answer.toArray())
  if (answer.statusCode !== 200) throw new Error(`${path} is answered with ${answer.statusCode}`)
  return body
}
