/** wrk as a closed loop on the core of the load: each connection sends its next request when it has its answer. */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { opensslText } from '../cipher.ts'
import { writeIn } from '../files.ts'
import { LOAD_CORE } from '../processes.ts'

export interface WrkLoad {
  readonly directory: string
  readonly url: string
  readonly host: string
  readonly connections: number
  /** It ends by itself after so many seconds (default 60). */
  readonly seconds?: number
  /** wrk is ended when this settles. */
  readonly stop: Promise<unknown>
  /** Sends POST with so many bytes. */
  readonly uploadBytes?: number
  /** Asks for `h0001` and so on up to this number, in turn, instead of `host`. */
  readonly hosts?: number
}

export interface WrkResult {
  readonly requests: number
  readonly errors: number
  readonly seconds: number
}

const END_MS = 300

const DONE = `
function done(summary)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"errors":%d,"seconds":%f}\\n',
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.duration / 1e6))
end
`

const uploadScript = (bytes: number): string =>
  `wrk.method = "POST"\nwrk.body = string.rep("x", ${bytes})\n`

/** With one host too, so that wrk does the same work for the comparison. */
const hostsScript = (hosts: number): string => `
local at, requests = 0, {}
function init(args)
  for i = 1, ${hosts} do
    wrk.headers["Host"] = string.format("h%04d.contoso.com", i)
    requests[i] = wrk.format()
  end
end
function request()
  at = at % ${hosts} + 1
  return requests[at]
end
`

/** wrk that runs, and can be held without closing its connections. */
export interface RunningWrk {
  /** Rejects when wrk does not end in good order. */
  readonly result: Promise<WrkResult>
  hold(): void
  go(): void
}

/** Runs until told to stop. */
export const runWrk = (load: WrkLoad): Promise<WrkResult> => startWrk(load).result

export function startWrk(load: WrkLoad): RunningWrk {
  const { uploadBytes, hosts, seconds = 60 } = load
  const kind = `${uploadBytes ? uploadScript(uploadBytes) : ''}${hosts ? hostsScript(hosts) : ''}`
  const script = writeIn(load.directory, 'load.lua', `${kind}${DONE}`)
  const openssl = writeIn(load.directory, 'wrk-openssl.cnf', opensslText)
  // By `env`, so that the rest of the environment stays as it is. Killed with the benchmark, for one that is held never ends.
  const args = [
    ...['--pdeathsig', 'KILL', '--', 'env', `OPENSSL_CONF=${openssl}`],
    ...['taskset', '-c', String(LOAD_CORE), 'wrk', '-t', '1'],
    ...['-c', String(load.connections), '-d', `${seconds}s`, '--timeout', '30s'],
    ...['-H', `Host: ${load.host}`, '-s', script, load.url],
  ]
  const ended = promisify(execFile)('setpriv', args)
  const { child } = ended
  // SIGINT ends wrk in good order, with its report. If another thread than the first takes it, as happens after it was held, the
  // first sleeps on: hence again until it has ended.
  void load.stop.then(async () => {
    child.kill('SIGCONT')
    while (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT')
      await sleep(END_MS)
    }
  })
  const result = ended.then(({ stdout }) => {
    const [, text] = /^RESULT (.*)$/m.exec(stdout) ?? []
    if (text === undefined) throw new Error(`wrk says: ${stdout}`)
    return JSON.parse(text) as WrkResult
  })
  // Whoever waits for it hears of it; until then it must not end the process.
  result.catch(() => {})
  return { result, hold: () => child.kill('SIGSTOP'), go: () => child.kill('SIGCONT') }
}
