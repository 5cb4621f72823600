/**
 * What a worker process may do besides serving: next to nothing. It takes bytes from the Internet, so whatever goes
 * wrong in it must not reach the keys on the disk, write a file or start a program. And how V8 collects its garbage.
 */
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `src` or `dist`, and package.json beside it, which tells the version. */
const OWN_FILES = [
  fileURLToPath(new URL('../', import.meta.url)),
  fileURLToPath(new URL('../../package.json', import.meta.url)),
]

/** Counted for `lyncgate_open_fds`, and how many there may be, so that new connections are refused in time. */
const OPEN_FILES = ['/proc/self/fd', '/proc/self/limits']

/**
 * V8 before 14.8 counts what was allocated outside the heap, dead or alive, before it marks the whole heap; with this it counts
 * what is there, as V8 does from then on, and marks less often when many connections come (decision 0040). Node does not start
 * with a flag that its V8 has no more.
 */
const COUNT_LIVE_BUFFERS = '--external-memory-accounted-in-global-limit'

/**
 * Flags of Node for a worker. Its own program can be read and nothing else; nothing but the access log is written (and
 * looked at, because somebody may rotate it), nothing started or loaded natively, and no debugger can be let in (https://nodejs.org/api/permissions.html). Sockets are left: that is its work.
 * Those that this Node does not know are left out.
 */
export function workerFlags(accessFile: string | undefined): readonly string[] {
  return [
    '--permission',
    '--allow-net',
    ...readable().map((path) => `--allow-fs-read=${path}`),
    ...(accessFile === undefined
      ? []
      : [`--allow-fs-read=${accessFile}`, `--allow-fs-write=${accessFile}`]),
    // It opens files past the permission model (seen with Node 26.10: ATTACH creates and reads any).
    '--no-experimental-sqlite',
    '--disable-proto=delete',
    '--disable-sigusr1',
    // Node says in each worker anew that --allow-net is experimental.
    '--disable-warning=ExperimentalWarning',
  ]
    .filter((flag) => process.allowedNodeEnvironmentFlags.has(flag.replace(/=.*/, '')))
    .concat(countsDeadBuffers() ? COUNT_LIVE_BUFFERS : [])
}

function countsDeadBuffers(): boolean {
  const [major = 0, minor = 0] = process.versions.v8.split('.').map(Number)
  return major < 14 || (major === 14 && minor < 8)
}

function readable(): readonly string[] {
  const { resolve } = createRequire(import.meta.url)
  const packages = (resolve.paths('fastify') ?? []).filter((path) => existsSync(path))
  const real = packages.map((path) => realpathSync(path))
  const folders = [...new Set([...packages, ...real])].map((path) => join(path, '*'))
  const [sources = '', packageFile = ''] = OWN_FILES
  return [join(sources, '*'), packageFile, ...folders, ...OPEN_FILES]
}
