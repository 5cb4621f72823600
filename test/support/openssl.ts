/** `openssl s_client`, the judge of our TLS that shares no code with Node's own. */
import { spawn } from 'node:child_process'

/** Does one handshake and ends. @returns everything that was written, both streams together */
export function sClient(port: number, options: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options])
    let text = ''
    const onData = (bytes: Buffer): void => {
      text += bytes.toString('latin1')
    }
    client.stdout.on('data', onData)
    client.stderr.on('data', onData)
    client.stdin.on('error', () => {})
    client.on('error', reject)
    client.on('close', () => resolve(text))
    client.stdin.end()
  })
}
