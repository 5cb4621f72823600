/** The back end for everything small and static: nginx, which counts its requests itself. */
import { request } from 'node:http'
import { type BenchFiles, writeIn } from '../files.ts'
import { BODY, nginxCommon, nginxHttp } from '../nginx-text.ts'
import { LOAD_CORE, launch, type Running } from '../processes.ts'

export interface NginxBackend {
  readonly running: Running
  /** Requests that it has been sent so far; asking is not counted. */
  requests(): Promise<number>
}

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
http { ${nginxHttp(files)}
  server { listen 127.0.0.1:${ports.plain} backlog=4096; listen 127.0.0.1:${ports.tls} ssl backlog=4096;
    root ${directory}/www;
    location = / { return 200 "${BODY}"; }
    location = /host { return 200 "$http_host"; }
    location = /resumed { return 200 "$ssl_session_reused"; }
  }
  server { listen 127.0.0.1:${ports.status}; location / { stub_status; } } }`,
  )
  const running = launch({ core: LOAD_CORE, command: 'nginx', args: ['-c', config], directory })
  let asked = 0
  return {
    running,
    requests: async () => {
      asked += 1
      const text = await get(ports.status)
      const [, , total] = /(\d+) (\d+) (\d+)/.exec(text)?.slice(1) ?? []
      return Number(total) - asked
    },
  }
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
