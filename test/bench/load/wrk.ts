/** wrk as a closed loop on the core of the load: each connection sends its next request when it has its answer. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { opensslText } from '../cipher.ts'
import { writeIn } from '../files.ts'
import { LOAD_CORE } from '../processes.ts'

export interface WrkLoad {
  readonly directory: string
  readonly url: string
  readonly host: string
  readonly connections: number
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

/** Runs until told to stop, at most a minute. */
export async function runWrk(load: WrkLoad): Promise<WrkResult> {
  const { uploadBytes, hosts } = load
  const kind = `${uploadBytes ? uploadScript(uploadBytes) : ''}${hosts ? hostsScript(hosts) : ''}`
  const script = writeIn(load.directory, 'load.lua', `${kind}${DONE}`)
  const openssl = writeIn(load.directory, 'wrk-openssl.cnf', opensslText)
  // By `env`, so that the rest of the environment stays as it is.
  const args = [
    ...[
      `OPENSSL_CONF=${openssl}`,
      'taskset',
      '-c',
      String(LOAD_CORE),
      'wrk',
      '-t',
      '1',
      '-c',
      String(load.connections),
    ],
    ...['-d', '60s', '--timeout', '30s', '-H', `Host: ${load.host}`, '-s', script, load.url],
  ]
  const ended = promisify(execFile)('env', args)
  // SIGINT ends wrk in good order, with its report.
  void load.stop.then(() => ended.child.kill('SIGINT'))
  const { stdout } = await ended
  const [, text] = /^RESULT (.*)$/m.exec(stdout) ?? []
  if (text === undefined) throw new Error(`wrk says: ${stdout}`)
  return JSON.parse(text) as WrkResult
}
