/** `lyncgate run` with two workers, plain and TLS, in front of a server with long answers, for those who attack it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../src/lab/authority.ts'
import { freePorts } from './free-ports.ts'
import { mainWords } from './main-program.ts'

/** What a slow reader is sent, in pieces: more than the kernel takes for one that reads slowly. */
const PIECES = { '/long': 64, '/longer': 512 }
const PIECE = Buffer.alloc(64 * 1024, 'x')

function sendPieces(res: ServerResponse, left: number): void {
  for (let more = left; more > 0; more--)
    if (!res.write(PIECE)) return void res.once('drain', () => sendPieces(res, more - 1))
  res.end('ok')
}

export interface SlowWorld {
  readonly httpPort: number
  readonly httpsPort: number
  readonly adminPort: number
  readonly ca: string
  /** Process ids of the workers. */
  readonly workers: readonly number[]
  /** Lines of the log that fit the words. */
  countOfLines(...words: readonly string[]): number
  /** Resident memory of all workers, MiB. */
  residentMiB(): Promise<number>
  /** Processor time of all workers, seconds. */
  cpuSeconds(): Promise<number>
}

/** @param rules more YAML at the top level; @param onEnd hears what is to be called at the end */
export async function startSlowWorld(
  rules: string,
  onEnd: (end: () => unknown) => void,
): Promise<SlowWorld> {
  const authority = await createAuthority('Test Root')
  const publicOne = await authority.issue({ names: ['lyncweb.contoso.com', 'localhost'] })
  const ofServer = await authority.issue({ names: ['fe01.contoso.local'] })
  const answer: Parameters<typeof createServer>[1] = (req, res) => {
    req.resume()
    req.once('end', () => sendPieces(res, PIECES[req.url as keyof typeof PIECES] ?? 0))
  }
  const tls = { cert: ofServer.certPem, key: ofServer.keyPem }
  const servers = [createServer(answer), createTlsServer(tls, answer)]
  const backendPorts: number[] = []
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    backendPorts.push((server.address() as AddressInfo).port)
    onEnd(() => {
      server.close()
      server.closeAllConnections()
    })
  }
  const [httpPort = 0, httpsPort = 0, adminPort = 0] = await freePorts(3)
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-slow-'))
  onEnd(() => rm(directory, { recursive: true, force: true }))
  const files = {
    'root.pem': authority.certificatePem,
    'public.pem': publicOne.certPem,
    'public.key': publicOne.keyPem,
    'lyncgate.yaml': `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${httpPort}, https: ${httpsPort} }]
certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: other
    servers: [{ address: 127.0.0.1, http: ${backendPorts[0]}, https: ${backendPorts[1]} }]
    tls: { ca: root.pem, serverName: fe01.contoso.local }
rules:
  - { name: Web, publish: anything, hosts: [lyncweb.contoso.com, localhost], pool: pool01, http: forward }
admin: { address: 127.0.0.1, port: ${adminPort} }
workers: 2
${rules}
`,
  }
  for (const [name, text] of Object.entries(files))
    await writeFile(join(directory, name), text, { mode: 0o600 })
  const child = spawn('env', mainWords('run', '--config', join(directory, 'lyncgate.yaml')))
  onEnd(() => child.kill('SIGKILL'))
  let log = ''
  child.stderr.resume()
  await new Promise<void>((ready, fail) => {
    child.once('exit', () => fail(new Error(`it ended: ${log}`)))
    child.stdout.on('data', (bytes: Buffer) => {
      log += bytes.toString()
      if (log.includes('"msg":"ready"')) ready()
    })
  })
  const workers = [...log.matchAll(/"pid":(\d+),"msg":"worker serves"/g)].map((match) =>
    Number(match[1]),
  )
  const sum = async (read: (pid: number) => Promise<number>): Promise<number> =>
    (await Promise.all(workers.map(read))).reduce((one, other) => one + other, 0)
  return {
    httpPort,
    httpsPort,
    adminPort,
    ca: authority.certificatePem,
    workers,
    countOfLines: (...words) =>
      log.split('\n').filter((line) => words.every((word) => line.includes(word))).length,
    residentMiB: () =>
      sum(async (pid) => {
        const text = await readFile(`/proc/${pid}/status`, 'utf8')
        return Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]) / 1024
      }),
    cpuSeconds: () =>
      sum(async (pid) => {
        const fields =
          (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
        return (Number(fields[11]) + Number(fields[12])) / 100
      }),
  }
}
