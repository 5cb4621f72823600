/** Caddy. It sees one core only, because it is pinned to one. */
import { BACKEND_NAME, writeIn } from '../files.ts'
import { launch, outputOf } from '../processes.ts'
import type { Peer } from './peer.ts'

export const caddy: Peer = {
  name: 'Caddy',
  debianPackage: 'caddy',
  version: async () => /^v?(\d\S*)/.exec((await outputOf('caddy', ['version'])) ?? '')?.[1],
  start: ({ label, files, backends, ports, core }) => {
    const { directory, own, root } = files
    const shared = 'keepalive 1800s\n keepalive_idle_conns 256\n keepalive_idle_conns_per_host 256'
    const secure = `tls_trusted_ca_certs ${root}\n tls_server_name ${BACKEND_NAME}`
    const site = (address: string, tls: string, target: string, transport: string): string =>
      `${address} {
 bind 127.0.0.1
 ${tls}
 reverse_proxy ${target} {
  transport http {
 compression off
 ${transport}
  }
 }
}
`
    const pair = `tls ${own.certificate} ${own.key}`
    const config = writeIn(
      directory,
      `${label}.Caddyfile`,
      `{
 admin off
 auto_https off
 default_sni 127.0.0.1
 servers {
  protocols h1
  timeouts {
   idle 1800s
  }
 }
 log {
  level ERROR
 }
}
${site(`http://:${ports.plain}`, '', `127.0.0.1:${backends.plain}`, shared)}${site(`https://:${ports.tls}`, pair, `https://127.0.0.1:${backends.tls}`, `${shared}\n ${secure}`)}${site(`https://:${ports.own}`, pair, `https://127.0.0.1:${backends.tls}`, `keepalive off\n ${secure}`)}${site(`https://:${ports.node}`, pair, `https://127.0.0.1:${backends.node}`, `${shared}\n ${secure}`)}`,
    )
    const args = ['run', '--adapter', 'caddyfile', '--config', config]
    return launch({ core, command: 'caddy', args, directory })
  },
}
