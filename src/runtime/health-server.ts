/** /healthz and /readyz for a load balancer or an orchestrator, and nothing else. */
import fastify from 'fastify'

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/** Opens the health port. `/healthz`: the process runs. `/readyz`: send clients here. Both 200 or 503, GET and HEAD. */
export async function openHealthServer(
  at: { readonly address: string; readonly port: number },
  isReady: () => boolean,
): Promise<HealthServer> {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    requestTimeout: 5_000,
    exposeHeadRoutes: true,
  })
  app.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'))
  app.get('/readyz', (_request, reply) => {
    reply.type('text/plain').code(isReady() ? 200 : 503)
    return reply.send(isReady() ? 'ready\n' : 'not ready\n')
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('not found\n'),
  )
  await app.listen({ host: at.address, port: at.port })
  const address = app.server.address()
  return {
    port: typeof address === 'object' && address ? address.port : at.port,
    close: () => app.close(),
  }
}
