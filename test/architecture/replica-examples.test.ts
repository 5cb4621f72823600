/** The examples in docker/: their rules pass `lyncgate check`, and what stands in several files is the same everywhere. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { runCommand } from '../../src/cli/commands.ts'
import type { CommandIo } from '../../src/cli/output.ts'
import { loadRules } from '../../src/config/load.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { readText } from './repository.ts'

const NAMES = ['lyncweb', 'meet', 'dialin', 'lyncdiscover'].map((name) => `${name}.contoso.com`)

/** The rules file with every file that it names, in a directory. */
async function place(t: Test, path: string): Promise<string> {
  const directory = t.testdir({})
  const authority = await createAuthority('Contoso Root')
  const own = await authority.issue({ names: [...NAMES, 'lyncgate.lyncgate.svc'] })
  const files: Readonly<Record<string, string>> = {
    'public.pem': own.certPem,
    'public.key': own.keyPem,
    'admin.pem': own.certPem,
    'admin.key': own.keyPem,
    'contoso-root.pem': authority.certificatePem,
    'ticket.secret': 'x'.repeat(64),
    'admin.token': 'y'.repeat(64),
  }
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(directory, name), text, { mode: 0o440 })
  const file = join(directory, 'lyncgate.yaml')
  writeFileSync(file, readText(path).replaceAll('/run/secrets/', ''))
  return file
}

async function check(file: string): Promise<{ code: number; text: string }> {
  let text = ''
  const hear = (more: string): void => {
    text += more
  }
  const io: CommandIo = { stdout: hear, stderr: hear, isTerminal: false }
  return { code: await runCommand(['check', file], io), text }
}

async function rulesOf(file: string) {
  const loaded = await loadRules(file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return loaded.value.rules
}

const secondsOf = ({ unreadyMs, drainMs }: { unreadyMs: number; drainMs: number }): number =>
  (unreadyMs + drainMs) / 1000

/** A node of a YAML document. The test says what it expects there. */
// biome-ignore lint/suspicious/noExplicitAny: a document of somebody else's format
type Node = any

for (const path of ['docker/lyncgate.yaml', 'docker/kubernetes/lyncgate.yaml'])
  t.test(`${path} passes check`, async (t) => {
    const file = await place(t, path)
    t.same(await check(file), { code: 0, text: `${file}: fine\n` })
  })

t.test('compose.yaml fits its rules and HAProxy', async (t) => {
  const compose: Node = parse(readText('docker/compose.yaml'), { merge: true })
  const haproxy = readText('docker/haproxy.cfg')
  const rules = await rulesOf(await place(t, 'docker/lyncgate.yaml'))
  const replicas = Object.keys(compose.services).filter((name) => name.startsWith('lyncgate'))
  t.ok(replicas.length >= 2)
  const inForce = [...rules.listeners].map(({ httpPort, httpsPort }) => [httpPort, httpsPort])
  t.same(inForce, [[80, 443]])
  for (const [name, port] of replicas.flatMap((name) => [80, 443].map((port) => [name, port])))
    t.match(haproxy, `server ${name} ${name}:${port}\n`)
  t.match(haproxy, `check port ${rules.health?.port} `)
  t.match(haproxy, /default-server .* send-proxy-v2 /)
  t.notMatch(
    haproxy.replace(/#.*/g, ''),
    /on-marked-down/,
    'a replica that drains keeps its connections',
  )
  t.match(haproxy, /timeout client 31m\n[\s\S]*timeout server 31m\n/, 'Microsoft asks for 1800 s')
  const { ipv4_address: address } = compose.services.haproxy.networks.front
  t.match(readText('docker/lyncgate.yaml'), `trustedProxies: [${address}]`)
  for (const [name, service] of Object.entries<Node>(compose.services)) {
    t.equal(service.read_only, true, name)
    t.same(service.cap_drop, ['ALL'])
    t.ok(service.security_opt.includes('no-new-privileges:true'))
    t.ok(Number.parseInt(service.stop_grace_period, 10) > secondsOf(rules.timeouts))
    t.ok(service.ulimits.nofile.soft >= 2 * rules.limits.connections + 200)
    for (const secret of service.secrets ?? []) t.ok(compose.secrets[secret], secret)
    for (const { source } of service.configs) t.ok(compose.configs[source], source)
  }
  for (const { security_opt, ulimits, ...service } of replicas.map(
    (name) => compose.services[name],
  )) {
    t.ok(security_opt.includes('seccomp=seccomp.json'))
    t.equal(ulimits.core, 0)
    t.equal(service.memswap_limit, service.mem_limit, 'no swapping')
    t.ok(service.pids_limit > 0)
  }
  const named = [...readText('docker/lyncgate.yaml').matchAll(/\/run\/secrets\/([\w.-]+)/g)]
  t.same(named.map(([, name]) => name).sort(), Object.keys(compose.secrets).sort())
})

t.test('the manifests fit each other and their rules', async (t) => {
  const read = (name: string): readonly Node[] =>
    parseAllDocuments(readText(`docker/kubernetes/${name}`), { version: '1.1' }).map((each) =>
      each.toJS(),
    )
  const [kustomization] = read('kustomization.yaml')
  const objects: readonly Node[] = kustomization.resources.flatMap(read)
  const kinds = objects.map(({ kind }) => kind)
  const of = (kind: string): Node => objects.find((each) => each.kind === kind)
  for (const [kind, version] of [
    ['Deployment', 'apps/v1'],
    ['Service', 'v1'],
    ['PodDisruptionBudget', 'policy/v1'],
    ['HorizontalPodAutoscaler', 'autoscaling/v2'],
    ['NetworkPolicy', 'networking.k8s.io/v1'],
  ]) {
    t.ok(kinds.includes(kind))
    t.equal(of(kind as string).apiVersion, version)
  }
  const rules = await rulesOf(await place(t, 'docker/kubernetes/lyncgate.yaml'))
  const [listener] = rules.listeners
  const { spec } = of('Deployment')
  const pod = spec.template.spec
  const [container] = pod.containers
  const portOf = (name: string): number =>
    container.ports.find((each: Node) => each.name === name)?.containerPort

  t.same(
    [portOf('http'), portOf('https'), portOf('health'), portOf('admin')],
    [listener?.httpPort, listener?.httpsPort, rules.health?.port, rules.admin?.port],
  )
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    t.equal(container[probe].httpGet.port, 'health')
  t.equal(container.readinessProbe.httpGet.path, '/readyz')
  t.equal(container.livenessProbe.httpGet.path, '/healthz')
  const { timeouts } = rules
  t.ok(pod.terminationGracePeriodSeconds > secondsOf(timeouts) + 2)
  const { periodSeconds, failureThreshold } = container.readinessProbe
  t.ok(timeouts.unreadyMs / 1000 > periodSeconds * failureThreshold)
  t.same(spec.strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 })

  const labels = spec.template.metadata.labels
  t.same(spec.selector.matchLabels, labels)
  t.same(of('PodDisruptionBudget').spec.selector.matchLabels, labels)
  t.same(of('NetworkPolicy').spec.podSelector.matchLabels, labels)
  for (const each of pod.topologySpreadConstraints) t.same(each.labelSelector.matchLabels, labels)
  t.match(of('HorizontalPodAutoscaler').spec, {
    scaleTargetRef: { kind: 'Deployment', name: of('Deployment').metadata.name },
    minReplicas: 2,
  })
  t.match(of('Service').spec, { type: 'LoadBalancer', externalTrafficPolicy: 'Local' })
  for (const service of objects.filter(({ kind }) => kind === 'Service')) {
    t.same(service.spec.selector, labels)
    for (const { targetPort } of service.spec.ports) t.type(portOf(targetPort), 'number')
  }
  const inside = of('NetworkPolicy').spec.ingress.flatMap(({ ports }: Node) => ports)
  t.same(
    inside.map(({ port }: Node) => port),
    ['http', 'https', 'health', 'admin'].map(portOf),
  )

  t.match(pod.securityContext, {
    runAsNonRoot: true,
    runAsUser: 10001,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  t.match(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  t.equal(pod.automountServiceAccountToken, false)
  t.ok(container.resources.limits.memory)
  for (const { name } of container.volumeMounts)
    t.ok(
      pod.volumes.some((each: Node) => each.name === name),
      name,
    )
  const [{ projected }] = pod.volumes
  t.equal(projected.defaultMode, 0o440)
  const made: readonly Node[] = [
    ...kustomization.configMapGenerator,
    ...kustomization.secretGenerator,
  ]
  const keysOf = ({ files }: Node): string[] =>
    files.map((file: string) => file.replace(/=.*/, '').replace(/.*\//, ''))
  const mounted: string[] = []
  for (const { configMap, secret } of projected.sources) {
    const source = made.find(({ name }) => name === (configMap ?? secret).name)
    t.ok(source, `${(configMap ?? secret).name} is made`)
    for (const { key, path } of secret?.items ?? []) {
      t.ok(keysOf(source).includes(key), key)
      mounted.push(path)
    }
  }
  const named = [
    ...readText('docker/kubernetes/lyncgate.yaml').matchAll(/[\w-]+\.(?:pem|key|token|secret)\b/g),
  ]
  t.same([...new Set(named.map(([name]) => name))].sort(), mounted.sort())
})
