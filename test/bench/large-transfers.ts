/**
 * 500 MB up and 500 MB down through `lyncgate run`, TLS on both sides: are the bytes the same, and does the process stay
 * as small as it was? Linux only (reads /proc).
 *
 *     node test/bench/large-transfers.ts [MB]
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLab } from '../../src/lab/lab.ts'
import { payloadSha256, payloadStream } from '../../src/lab/payload.ts'
import { freePorts } from '../support/free-ports.ts'

const bytes = Number(process.argv[2] ?? 500) * 1_000_000
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const directory = mkdtempSync(join(tmpdir(), 'lyncgate-large-'))
const lab = await startLab()
const certificate = await lab.publicCertificate(['lyncweb.contoso.com'])
const [port = 0, health = 0] = await freePorts(2)
const [server] = lab.pool
const files = {
  'root.pem': lab.authority.certificatePem,
  'public.pem': certificate.certPem,
  'public.key': certificate.keyPem,
  'lyncgate.yaml': `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: ${port} }]
certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: skype-se
    servers: [{ address: 127.0.0.1, http: ${server.httpPort}, https: ${server.httpsPort} }]
    tls: { ca: root.pem, serverName: pool01.contoso.local }
rules: [{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01 }]
health: { address: 127.0.0.1, port: ${health} }
`,
}
for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
const proxy = spawn(
  process.execPath,
  ['src/main.ts', 'run', '--config', join(directory, 'lyncgate.yaml')],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
await once(proxy.stdout, 'data')
proxy.stdout.resume()

const status = (key: string): number => {
  const line = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(
    readFileSync(`/proc/${proxy.pid}/status`, 'utf8'),
  )
  return Math.round(Number(line?.[1] ?? 0) / 1024)
}

async function send(method: string, path: string, length: number): Promise<IncomingMessage> {
  const req = request({
    host: '127.0.0.1',
    port,
    servername: 'lyncweb.contoso.com',
    ca: lab.authority.certificatePem,
    method,
    path,
    headers: { Host: 'lyncweb.contoso.com', ...(length > 0 && { 'Content-Length': length }) },
  })
  if (length > 0) payloadStream(0, length).pipe(req)
  else req.end()
  const [answer] = await once(req, 'response')
  return answer as IncomingMessage
}

async function measure(what: string, transfer: () => Promise<string>, expected: string) {
  const samples: number[] = []
  const timer = setInterval(() => samples.push(status('VmRSS')), 100)
  const before = status('VmRSS')
  const started = performance.now()
  const digest = await transfer()
  clearInterval(timer)
  const seconds = (performance.now() - started) / 1000
  const half = samples.slice(Math.floor(samples.length / 2))
  say(
    `${what}: ${digest === expected ? 'same bytes' : 'DIFFERENT BYTES'}, ` +
      `${(bytes / 1e6 / seconds).toFixed(0)} MB/s, RSS ${before} MiB before, ` +
      `${Math.max(...samples)} MiB at most, ${Math.max(...half)} MiB at most in the second half`,
  )
}

const expected = payloadSha256(0, bytes)
const upload = async (): Promise<string> => {
  const answer = await send('POST', '/DataCollabWeb/upload', bytes)
  const text = Buffer.concat(await answer.toArray()).toString()
  return (JSON.parse(text) as { sha256: string }).sha256
}
const download = async (): Promise<string> => {
  const hash = createHash('sha256')
  for await (const piece of await send('GET', `/DataCollabWeb/download?bytes=${bytes}`, 0))
    hash.update(piece)
  return hash.digest('hex')
}
await measure('warm-up, upload', upload, expected)
await measure('warm-up, download', download, expected)
await measure('upload', upload, expected)
await measure('download', download, expected)
say(`peak of the process: ${status('VmHWM')} MiB`)
proxy.kill('SIGKILL')
await lab.close()
rmSync(directory, { recursive: true })
process.exit()
