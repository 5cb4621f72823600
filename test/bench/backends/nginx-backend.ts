/** The back end for everything small and static: nginx, which counts its requests itself. */
import { request } from 'node:http'
import { CIPHER } from '../cipher.ts'
import { type BenchFiles, writeIn } from '../files.ts'
import { BODY, nginxCommon, nginxHttp } from '../nginx-text.ts'
import { LOAD_CORE, launch, type Running } from '../processes.ts'

/** What has come so far; asking is not counted. */
interface Counts {
  readonly connections: number
  readonly requests: number
}

export interface NginxBackend {
  readonly running: Running
  counts(): Promise<Counts>
  /** Those of `counts` alone. */
  requests(): Promise<number>
}

/** Answers with as many bytes as the small answer; the first is `r` when the TLS session of its connection was resumed. */
export const RESUMED_PATH = '/resumed'

export interface NginxBackendPorts {
  readonly plain: number
  readonly tls: number
  readonly status: number
}

export function startNginxBackend(files: BenchFiles, ports: NginxBackendPorts): NginxBackend {
  const { directory } = files
  const config = writeIn(
    directory,
    'nginx-backend.conf',
    `${nginxCommon(directory, 'backend')}
http { ${nginxHttp(files)} ssl_conf_command Ciphersuites ${CIPHER};
  server { listen 127.0.0.1:${ports.plain} backlog=4096; listen 127.0.0.1:${ports.tls} ssl backlog=4096;
    root ${directory}/www;
    location = / { return 200 "${BODY}"; }
    location = /host { return 200 "$http_host"; }
    location = /cipher { return 200 "$ssl_cipher"; }
    location = ${RESUMED_PATH} { return 200 "\${ssl_session_reused}${BODY.slice(1)}"; }
  }
  server { listen 127.0.0.1:${ports.status}; location / { stub_status; } } }`,
  )
  const running = launch({ core: LOAD_CORE, command: 'nginx', args: ['-c', config], directory })
  let asked = 0
  const counts = async (): Promise<Counts> => {
    asked += 1
    const text = await get(ports.status)
    const [accepted, , requests] = /(\d+) (\d+) (\d+)/.exec(text)?.slice(1) ?? []
    return { connections: Number(accepted) - asked, requests: Number(requests) - asked }
  }
  return { running, counts, requests: async () => (await counts()).requests }
}

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (bytes: Buffer) => {
        text += bytes.toString()
      })
      answer.on('end', () => resolve(text))
    })
      .on('error', reject)
      .end()
  })
}
