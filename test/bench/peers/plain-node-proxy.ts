/** The usual Node proxy: fastify in front, http-proxy 1.18.1 behind, keep-alive agents. `plain-node-proxy.ts SETTINGS`. */
import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { fastify } from 'fastify'
import httpProxy from 'http-proxy'

/** One listener: where it listens, where it leads to. */
interface Listener {
  readonly port: number
  readonly target: string
  /** Connections to the target are not kept; TLS sessions are resumed all the same. */
  readonly isOwn?: boolean
}

/** The argument, as JSON. */
export interface NodeProxySettings {
  readonly certificate: string
  readonly key: string
  readonly root: string
  readonly serverName: string
  readonly listeners: readonly Listener[]
}

const settings = JSON.parse(process.argv[2] ?? '') as NodeProxySettings
const kept = { keepAlive: true, maxFreeSockets: 256 }
const ca = readFileSync(settings.root)
const secure = { ca, servername: settings.serverName }
const agents = {
  plain: new HttpAgent(kept),
  secure: new HttpsAgent({ ...kept, ...secure }),
  own: new HttpsAgent({ ...secure, keepAlive: false }),
}

for (const { port, target, isOwn } of settings.listeners) {
  const isTls = target.startsWith('https:')
  const agent = agents[isOwn ? 'own' : isTls ? 'secure' : 'plain']
  const proxy = httpProxy.createProxyServer({ target, agent, proxyTimeout: 960_000 })
  proxy.on('error', (_error, _req, res) => {
    if ('headersSent' in res && !res.headersSent) res.writeHead(503).end()
    else res.destroy()
  })
  const https = { cert: readFileSync(settings.certificate), key: readFileSync(settings.key) }
  const app = fastify({ ...(isTls && { https }), keepAliveTimeout: 1_800_000, requestTimeout: 0 })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.all('/*', (request, reply) => {
    reply.hijack()
    proxy.web(request.raw, reply.raw)
  })
  await app.listen({ port, host: '127.0.0.1', backlog: 4096 })
}
