/** A server that says its name, and answers `/poll` when the test says so. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { IssuedCertificate } from '../../src/lab/authority.ts'

export interface FrontEnd {
  readonly name: string
  readonly httpPort: number
  readonly httpsPort: number
  /** X-Forwarded-For of the requests, oldest first. */
  readonly clients: readonly string[]
  /** Targets of the requests, oldest first. */
  readonly targets: readonly string[]
  /** Pending requests. */
  readonly polls: number
  /** Answers what is pending. */
  answerPolls(): void
}

/** Starts it on ports of the system's choice. */
export async function startFrontEnd(
  t: Test,
  name: string,
  { certPem, keyPem }: IssuedCertificate,
): Promise<FrontEnd> {
  const pending = new Set<ServerResponse>()
  const clients: string[] = []
  const targets: string[] = []
  const serve = (req: IncomingMessage, res: ServerResponse): void => {
    const { url = '' } = req
    clients.push(String(req.headers['x-forwarded-for']))
    targets.push(url)
    if (!url.startsWith('/poll')) return void res.end(name)
    pending.add(res)
    res.on('close', () => pending.delete(res))
  }
  const servers = [createServer(serve), createTlsServer({ cert: certPem, key: keyPem }, serve)]
  const [httpPort = 0, httpsPort = 0] = await Promise.all(servers.map(open))
  t.teardown(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })
  return {
    name,
    httpPort,
    httpsPort,
    clients,
    targets,
    get polls() {
      return pending.size
    },
    answerPolls: () => {
      for (const res of [...pending]) res.end(name)
    },
  }
}

async function open(server: Server): Promise<number> {
  // A proxy keeps its connections for half an hour; they must not end here between two requests.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
