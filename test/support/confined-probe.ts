/** Tries what a worker process must not be able to do, and says what became of each try. Started with its flags. */
import { fork, spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open as openInspector, Session } from 'node:inspector'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import { Worker } from 'node:worker_threads'

const directory = process.argv[2] ?? ''
const own = (name: string): string => join(directory, name)

const tries: Readonly<Record<string, () => unknown>> = {
  'read a key': () => readFileSync(own('public.key')),
  'read the environment': () => readFileSync('/proc/self/environ'),
  'read through /proc': () => readFileSync('/proc/self/fd/../root/etc/passwd'),
  'open memory': () => openSync('/proc/self/mem', 'r+'),
  'list a directory': () => readdirSync(directory),
  'write a file': () => writeFileSync(own('written'), ''),
  'write a heap snapshot': () => writeHeapSnapshot(own('snapshot')),
  'write a report': () => process.report.writeReport(own('report')),
  'start a program': () => spawn('/bin/true'),
  'start a process of Node': () => fork(own('public.key')),
  'start a thread': () => new Worker('', { eval: true }),
  'open a debugger': () => openInspector(0),
  'debug itself': () => new Session().connect(),
  'load native code': () => process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6'),
  'open a database': () => import('node:sqlite'),
  'pollute by __proto__': () =>
    Object.assign({}, JSON.parse('{"__proto__":{"is":1}}')).is ?? fail(),
}

function fail(): never {
  throw Object.assign(new Error('nothing came of it'), { code: 'NO_EFFECT' })
}

const results: Record<string, string> = {}
for (const [name, act] of Object.entries(tries)) {
  try {
    await act()
    results[name] = 'done'
  } catch (error) {
    results[name] = (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

// What it is for must still work.
results['listen'] = await new Promise((resolve) => {
  const server = createServer()
  server.once('error', (error) => resolve(String(error)))
  server.listen(0, '127.0.0.1', () => server.close(() => resolve('done')))
})
process.stdout.write(JSON.stringify(results))
process.exit()
