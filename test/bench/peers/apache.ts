/** Apache with the event MPM, one process. Each exchange holds a thread, so it gets as many as there are connections. */
import { join } from 'node:path'
import { writeIn } from '../files.ts'
import { launch, outputOf } from '../processes.ts'
import type { Peer, PeerSetup } from './peer.ts'

const MODULES = '/usr/lib/apache2/modules'
const modules = 'mpm_event authz_core proxy proxy_http socache_shmcb ssl unixd'
const SPARE_THREADS = 64

export const apache: Peer = {
  name: 'Apache',
  debianPackage: 'apache2',
  version: async () => /Apache\/(\S+)/.exec((await outputOf('apache2', ['-v'])) ?? '')?.[1],
  start: (setup) => {
    const { directory } = setup.files
    const config = writeIn(directory, `${setup.label}-apache.conf`, text(setup))
    const args = ['-DFOREGROUND', '-f', config]
    return launch({ core: setup.core, command: 'apache2', args, directory })
  },
}

function text({ label, files, backends, ports, connections }: PeerSetup): string {
  const { directory, own, root } = files
  const threads = connections + SPARE_THREADS
  const built = new Set(['unixd'])
  const loads = modules
    .split(' ')
    .filter((name) => !built.has(name))
    .map((name) => `LoadModule ${name}_module ${join(MODULES, `mod_${name}.so`)}`)
  const site = (
    port: number,
    target: string,
    tls: string,
    more = '',
  ): string => `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  ${tls}
  ProxyPreserveHost On
  ProxyPass / ${target}/ keepalive=On timeout=960 connectiontimeout=5${more}
</VirtualHost>
`
  const secure = `SSLEngine on
  SSLCertificateFile ${own.certificate}
  SSLCertificateKeyFile ${own.key}
  SSLProxyEngine on
  SSLProxyVerify require
  SSLProxyCACertificateFile ${root}`
  return `ServerRoot ${directory}
ServerName bench
PidFile ${directory}/${label}-apache.pid
DefaultRuntimeDir ${directory}
Mutex pthread
${loads.join('\n')}
User www-data
Group www-data
ErrorLog ${directory}/${label}-apache.log
LogLevel error
ListenBacklog 4096
ServerLimit 1
StartServers 1
ThreadLimit ${threads}
ThreadsPerChild ${threads}
MaxRequestWorkers ${threads}
MinSpareThreads 1
MaxSpareThreads ${threads}
AsyncRequestWorkerFactor 4
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 1800
Timeout 960
SSLSessionCache shmcb:${directory}/${label}-apache-sessions(512000)
SSLProtocol TLSv1.2 TLSv1.3
${site(ports.plain, `http://127.0.0.1:${backends.plain}`, '')}${site(ports.tls, `https://127.0.0.1:${backends.tls}`, secure)}${site(ports.own, `https://127.0.0.1:${backends.tls}`, secure, ' disablereuse=On')}${site(ports.node, `https://127.0.0.1:${backends.node}`, secure)}`
}
