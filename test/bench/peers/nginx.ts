/**
 * nginx, one worker. It shares back-end connections among clients; without `keepalive` it opens one for each request. There a
 * `zone` would have all TLS sessions resumed instead of four fifths, and yet costs it a fifth more.
 */
import { BACKEND_NAME, writeIn } from '../files.ts'
import { nginxCommon, nginxHttp } from '../nginx-text.ts'
import { launch, outputOf } from '../processes.ts'
import type { Peer } from './peer.ts'

export const nginx: Peer = {
  name: 'nginx',
  debianPackage: 'nginx-light',
  version: async () => /nginx\/(\S+)/.exec((await outputOf('nginx', ['-v'])) ?? '')?.[1],
  start: ({ label, files, backends, ports, core }) => {
    const { directory, root } = files
    const upstream = (name: string, port: number): string =>
      `upstream ${name} { server 127.0.0.1:${port}; keepalive 128; }`
    const config = writeIn(
      directory,
      `${label}.conf`,
      `${nginxCommon(directory, label)}
http { ${nginxHttp(files)}
  upstream own { server 127.0.0.1:${backends.tls}; }
  ${upstream('plain', backends.plain)} ${upstream('secure', backends.tls)} ${upstream('node', backends.node)}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
  proxy_read_timeout 960s; proxy_request_buffering off; proxy_max_temp_file_size 0;
  proxy_ssl_trusted_certificate ${root}; proxy_ssl_verify on; proxy_ssl_name ${BACKEND_NAME}; proxy_ssl_protocols TLSv1.2 TLSv1.3;
  server { listen 127.0.0.1:${ports.plain} backlog=4096; location / { proxy_pass http://plain; } }
  server { listen 127.0.0.1:${ports.tls} ssl backlog=4096; location / { proxy_pass https://secure; } }
  server { listen 127.0.0.1:${ports.own} ssl backlog=4096; location / { proxy_pass https://own; } }
  server { listen 127.0.0.1:${ports.node} ssl backlog=4096; location / { proxy_pass https://node; } } }`,
    )
    return launch({ core, command: 'nginx', args: ['-c', config], directory })
  },
}
