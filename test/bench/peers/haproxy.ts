/** HAProxy, one thread, `http-reuse safe` as by default: the first request of a client has a connection of its own. */
import { BACKEND_NAME, writeIn } from '../files.ts'
import { launch, outputOf } from '../processes.ts'
import type { Peer } from './peer.ts'

export const haproxy: Peer = {
  name: 'HAProxy',
  debianPackage: 'haproxy',
  version: async () => /version (\S+)/.exec((await outputOf('haproxy', ['-v'])) ?? '')?.[1],
  start: ({ label, files, backends, ports, core }) => {
    const { directory, own, root } = files
    const tls = `ssl verify required ca-file ${root} verifyhost ${BACKEND_NAME} sni str(${BACKEND_NAME})`
    const side = (name: string, bind: string, server: string): string =>
      `frontend in-${name}
  bind 127.0.0.1:${bind}
  default_backend ${name}
backend ${name}
  server ${name} 127.0.0.1:${server}
`
    const secure = `ssl crt ${own.both} ssl-min-ver TLSv1.2`
    const config = writeIn(
      directory,
      `${label}.cfg`,
      `global
  nbthread 1
  maxconn 9000
  ssl-server-verify required
defaults
  mode http
  timeout connect 5s
  timeout client 1800s
  timeout server 960s
  timeout http-keep-alive 1800s
  backlog 4096
${side('plain', String(ports.plain), String(backends.plain))}${side('secure', `${ports.tls} ${secure}`, `${backends.tls} ${tls}`)}${side('own', `${ports.own} ${secure}`, `${backends.tls} ${tls}`)}${side('node', `${ports.node} ${secure}`, `${backends.node} ${tls}`)}`,
    )
    return launch({ core, command: 'haproxy', args: ['-db', '-f', config], directory })
  },
}
