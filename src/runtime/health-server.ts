/** /healthz and /readyz for a load balancer or an orchestrator, and nothing else. */
import fastify from 'fastify'
import type { OwnPort, OwnPortKind } from './own-ports.ts'

/** The health port as one of the ports that follow the rules file. */
export const healthPort = (isReady: () => boolean): OwnPortKind => ({
  name: 'health',
  wanted: ({ health }) => health,
  open: ({ health }) => {
    if (!health) throw new Error('asked to open a health port that nobody wants')
    return openHealthServer(health, isReady)
  },
})

/** Opens the health port. `/healthz`: the process runs. `/readyz`: send clients here. Both 200 or 503, GET and HEAD. */
async function openHealthServer(
  at: { readonly address: string; readonly port: number },
  isReady: () => boolean,
): Promise<OwnPort> {
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
