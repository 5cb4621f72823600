/** A Front End as a process: `node front-end-process.ts NAME ADDRESS PORT`, plain HTTP. Says a line when it listens. */
import { createServer } from 'node:http'

const [name = '', address = '', port = ''] = process.argv.slice(2)
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x')

const server = createServer((req, res) => {
  const { url = '' } = req
  const wait = Number(/^\/poll\/(\d+)/.exec(url)?.[1] ?? 0)
  if (url.startsWith('/large')) return void res.end(MEGABYTE)
  setTimeout(() => res.end(name), wait)
})
server.keepAliveTimeout = 0
server.listen(Number(port), address, () => process.stdout.write('listening\n'))
