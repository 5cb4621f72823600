/** DNS servers for tests: real dnsmasq with a zone, and one of our own that says whatever a test wants. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePorts } from './free-ports.ts'
import { programPath, requireProgram } from './real-programs.ts'

/** Says whether dnsmasq is there; see requireProgram. */
export const requireDnsmasq = (t: Test): boolean => requireProgram(t, 'dnsmasq', 'dnsmasq-base')

/**
 * Starts dnsmasq on loopback with a configuration of its own; it ends with the test.
 * @param lines of its configuration: `srv-host=_x._tcp.contoso.com,sip.contoso.com,5061,0,0`
 * @returns `127.0.0.1:PORT`
 */
export async function startDnsmasq(t: Test, lines: readonly string[]): Promise<string> {
  const [port = 0] = await freePorts(1)
  const directory = t.testdir({
    'dnsmasq.conf': [
      `port=${port}`,
      'listen-address=127.0.0.1',
      'bind-interfaces',
      'no-resolv',
      'no-hosts',
      'no-daemon',
      'user=',
      'log-facility=-',
      // Everything is ours: what is not in the file does not exist.
      'local=/#/',
      ...lines,
      '',
    ].join('\n'),
  })
  const child = spawn('dnsmasq', [`--conf-file=${join(directory, 'dnsmasq.conf')}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: programPath },
  })
  t.teardown(() => void child.kill('SIGKILL'))
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (/started, version/.test(said)) resolve()
    })
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`dnsmasq ended: ${said}`)))
  })
  return `127.0.0.1:${port}`
}

/** A DNS server that answers each question with what `answer` makes of it; undefined: silence. */
export async function startOddDns(
  t: Test,
  answer: (question: Buffer) => Buffer | undefined,
): Promise<string> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.on('message', (question, from) => {
    const reply = answer(question)
    if (reply) socket.send(reply, from.port, from.address)
  })
  t.teardown(() => void socket.close())
  return `127.0.0.1:${socket.address().port}`
}
