/** What one would write in Node in an afternoon; it shares back-end connections among clients, but for one port. */
import { readFileSync } from 'node:fs'
import { BACKEND_NAME } from '../files.ts'
import { launch } from '../processes.ts'
import type { Peer } from './peer.ts'
import type { NodeProxySettings } from './plain-node-proxy.ts'

const versionOf = (name: string): string => {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

export const fastifyHttpProxy: Peer = {
  name: 'fastify + http-proxy',
  debianPackage: '',
  version: async () => `${versionOf('fastify')} + ${versionOf('http-proxy')}`,
  start: ({ files, backends, ports, core }) => {
    const settings: NodeProxySettings = {
      certificate: files.own.certificate,
      key: files.own.key,
      root: files.root,
      serverName: BACKEND_NAME,
      listeners: [
        { port: ports.plain, target: `http://127.0.0.1:${backends.plain}` },
        { port: ports.tls, target: `https://127.0.0.1:${backends.tls}` },
        { port: ports.own, target: `https://127.0.0.1:${backends.tls}`, isOwn: true },
        { port: ports.node, target: `https://127.0.0.1:${backends.node}` },
      ],
    }
    const script = new URL('plain-node-proxy.ts', import.meta.url).pathname
    // http-proxy uses what Node has given up, and would say so once per call.
    const args = ['--no-deprecation', '--no-warnings', script, JSON.stringify(settings)]
    return launch({ core, command: process.execPath, args, directory: files.directory })
  },
}
