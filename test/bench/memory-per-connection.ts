/**
 * What a connection costs the workers in each of its phases: many are held in it, and the growth of resident memory is
 * divided by their number. Prints a Markdown table. Linux only.
 *
 *     node test/bench/memory-per-connection.ts [connections] [words of one phase]
 */
import { connect as connectTcp, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { startSlowWorld } from '../support/slow-world.ts'

const count = Number(process.argv[2] ?? 1_000)
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const HOST = 'Host: lyncweb.contoso.com'
const GET = `GET /steady HTTP/1.1\r\n${HOST}\r\n\r\n`
const LONG = `GET /longer HTTP/1.1\r\n${HOST}\r\n\r\n`
const HALF_HEAD = `GET / HTTP/1.1\r\n${HOST}\r\nX: ${'x'.repeat(60_000)}`
const BODY = `POST /steady HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(10_000)}`

interface Phase {
  readonly name: string
  readonly isTls: boolean
  readonly says: string
  readonly reads: boolean
  /** No handshake: TCP alone, to the port of TLS. */
  readonly isMute?: boolean
}

const phases: readonly Phase[] = [
  { name: 'connected, not a byte', isTls: false, says: '', reads: true },
  {
    name: 'connected to the port of TLS, not a byte',
    isTls: true,
    isMute: true,
    says: '',
    reads: true,
  },
  { name: 'handshake done, not a byte', isTls: true, says: '', reads: true },
  { name: 'a head of 60 KB that does not end', isTls: false, says: HALF_HEAD, reads: true },
  { name: 'the same, TLS', isTls: true, says: HALF_HEAD, reads: true },
  { name: 'idle after a request', isTls: false, says: GET, reads: true },
  { name: 'the same, TLS on both sides', isTls: true, says: GET, reads: true },
  { name: 'a body that does not end', isTls: false, says: BODY, reads: true },
  { name: 'the same, TLS on both sides', isTls: true, says: BODY, reads: true },
  { name: '32 MiB of answer that nobody reads', isTls: false, says: LONG, reads: false },
  {
    name: '32 MiB of answer that nobody reads, TLS on both sides',
    isTls: true,
    says: LONG,
    reads: false,
  },
  {
    name: '1000 requests at once, no answer is read',
    isTls: false,
    says: GET.repeat(1_000),
    reads: false,
  },
]

say(`| phase | connections | RSS before | then | each |\n|---|---|---|---|---|`)
for (const { name, isTls, isMute, says, reads } of phases) {
  if (!name.includes(process.argv[3] ?? '')) continue
  const ends: (() => unknown)[] = []
  const world = await startSlowWorld('log: { access: off }', (end) => ends.unshift(end))
  const sockets: Socket[] = []
  const open = (n: number): Socket => {
    const port = isTls ? world.httpsPort : world.httpPort
    const way = { port, host: '127.0.0.1', localAddress: `127.0.3.${1 + (n % 250)}` }
    const tls = { servername: 'lyncweb.contoso.com', rejectUnauthorized: false }
    const socket = isTls && !isMute ? connectTls({ ...way, ...tls }) : connectTcp(way)
    socket.on('error', () => {})
    if (reads) socket.resume()
    else socket.pause()
    if (says) socket.write(says)
    return socket
  }
  const hold = async (many: number): Promise<void> => {
    for (let n = 0; n < many; n++) {
      sockets.push(open(n))
      if (n % 50 === 49) await sleep(50)
    }
    await sleep(5_000)
  }
  // What is compiled and loaded once is not to be counted.
  await hold(50)
  const before = await world.residentMiB()
  await hold(count)
  const then = await world.residentMiB()
  const each = ((then - before) * 1024) / count
  say(
    `| ${name} | ${count} | ${before.toFixed()} MiB | ${then.toFixed()} MiB | ${each.toFixed()} KiB |`,
  )
  for (const socket of sockets) socket.destroy()
  for (const end of ends) await end()
}
process.exit(0)
