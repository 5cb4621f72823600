/**
 * CPU time per request of lyncgate and nginx, in one run on this machine: `node test/bench/cpu-per-request.ts`.
 *
 * Each proxy is one process pinned to core 0; wrk and the back end (nginx, 42 bytes) run on core 1. The figure is the
 * proxy's own user and system time divided by the requests, read from the operating system: it does not depend on how
 * busy the other core is. Ratios within one run hold; absolute figures differ from run to run.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createAuthority } from '../../src/lab/authority.ts'

const run = promisify(execFile)
const HOST = 'lyncweb.contoso.com'
const PORTS = {
  backendHttp: 19080,
  backendHttps: 19443,
  nginxHttp: 19081,
  nginxHttps: 19444,
  gateHttp: 19082,
  gateHttps: 19445,
  health: 19083,
}
const SECONDS = Number(process.argv[2] ?? 6)
const CONNECTIONS = 64
/** Linux counts CPU time in hundredths of a second (USER_HZ). */
const TICKS_PER_SECOND = 100

const directory = await mkdtemp(join(tmpdir(), 'lyncgate-bench-'))
const started: ChildProcess[] = []

try {
  await writeFiles()
  start('taskset', ['-c', '1', 'nginx', '-c', join(directory, 'backend.conf')])
  const nginx = start('taskset', ['-c', '0', 'nginx', '-c', join(directory, 'proxy.conf')])
  const gate = start('taskset', [
    '-c',
    '0',
    process.execPath,
    'src/main.ts',
    'run',
    '--config',
    join(directory, 'lyncgate.yaml'),
  ])
  await sleep(3000)
  const rows: string[][] = []
  for (const [title, isTls] of [
    ['plain to plain', false],
    ['TLS to TLS', true],
  ] as const) {
    const ports = isTls ? [PORTS.gateHttps, PORTS.nginxHttps] : [PORTS.gateHttp, PORTS.nginxHttp]
    await answersRight(ports[0] as number, isTls)
    await answersRight(ports[1] as number, isTls)
    const own = await measure(gate, ports[0] as number, isTls)
    const peer = await measure(nginx, ports[1] as number, isTls)
    rows.push([title, own.toFixed(1), peer.toFixed(1), (own / peer).toFixed(2)])
  }
  print([['', 'lyncgate us', 'nginx us', 'ratio'], ...rows])
} finally {
  for (const child of started) child.kill('SIGTERM')
  await sleep(300)
  await rm(directory, { recursive: true, force: true })
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  started.push(child)
  return child
}

/** Before any figure counts: the right status, body and fields. */
async function answersRight(port: number, isTls: boolean): Promise<void> {
  const options = {
    port,
    host: '127.0.0.1',
    path: '/',
    headers: { host: HOST },
    servername: HOST,
    rejectUnauthorized: false,
  }
  const body = await new Promise<string>((resolve, reject) => {
    const request = (isTls ? httpsRequest : httpRequest)(options, (answer) => {
      let text = ''
      answer.on('data', (bytes: Buffer) => {
        text += bytes.toString()
      })
      answer.on('end', () => resolve(`${answer.statusCode} ${text}`))
    })
    request.on('error', reject)
    request.end()
  })
  if (body !== `200 ${'x'.repeat(42)}`) throw new Error(`port ${port} answers ${body}`)
}

/** Microseconds of CPU per request. */
async function measure(proxy: ChildProcess, port: number, isTls: boolean): Promise<number> {
  const url = `${isTls ? 'https' : 'http'}://${HOST}:${port}/`
  const args = [
    '-c',
    '1',
    'wrk',
    '-t',
    '1',
    '-c',
    String(CONNECTIONS),
    '-d',
    `${SECONDS}s`,
    '-H',
    `Host: ${HOST}`,
    url.replace(HOST, '127.0.0.1'),
  ]
  await run('taskset', [...args.slice(0, 8), '2s', ...args.slice(9)])
  const before = await cpuTicks(proxy.pid ?? 0)
  const { stdout } = await run('taskset', args)
  const ticks = (await cpuTicks(proxy.pid ?? 0)) - before
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout)
  return (ticks / TICKS_PER_SECOND / requests) * 1e6
}

/** User and system time of a process and its children that are still there. */
async function cpuTicks(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  let ticks = 0
  for (const each of [String(pid), ...children.trim().split(' ').filter(Boolean)]) {
    const fields = (await readFile(`/proc/${each}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks
}

async function writeFiles(): Promise<void> {
  const authority = await createAuthority('Bench Root')
  const own = await authority.issue({
    // wrk sends the address as the server name.
    names: [HOST, 'pool01.contoso.local', '127.0.0.1'],
    ips: ['127.0.0.1'],
  })
  const common = (name: string) =>
    `daemon off; pid ${directory}/${name}.pid; error_log stderr error; worker_processes 1; events { worker_connections 4096; }\n`
  const http =
    'access_log off; keepalive_requests 100000000; client_body_temp_path /tmp; proxy_temp_path /tmp; fastcgi_temp_path /tmp; uwsgi_temp_path /tmp; scgi_temp_path /tmp;'
  const tls = `ssl_certificate ${directory}/own.pem; ssl_certificate_key ${directory}/own.key;`
  const files = {
    'own.pem': own.certPem,
    'own.key': own.keyPem,
    'root.pem': authority.certificatePem,
    'backend.conf': `${common('backend')}http { ${http} ${tls} server { listen ${PORTS.backendHttp}; listen ${PORTS.backendHttps} ssl; location / { return 200 "${'x'.repeat(42)}"; } } }`,
    'proxy.conf': `${common('proxy')}http { ${http} ${tls}
upstream plain { server 127.0.0.1:${PORTS.backendHttp}; keepalive 128; } upstream secure { server 127.0.0.1:${PORTS.backendHttps}; keepalive 128; }
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_ssl_trusted_certificate ${directory}/root.pem; proxy_ssl_verify on; proxy_ssl_name pool01.contoso.local;
server { listen ${PORTS.nginxHttp}; location / { proxy_pass http://plain; } } server { listen ${PORTS.nginxHttps} ssl; location / { proxy_pass https://secure; } } }`,
    'lyncgate.yaml': `version: 1
listeners: [{ name: bench, address: 127.0.0.1, http: ${PORTS.gateHttp}, https: ${PORTS.gateHttps} }]
certificates: [{ cert: own.pem, key: own.key }]
pools: { pool01: { product: other, affinity: none, servers: [{ address: 127.0.0.1, http: ${PORTS.backendHttp}, https: ${PORTS.backendHttps} }], tls: { ca: root.pem, serverName: pool01.contoso.local } } }
rules: [{ name: Bench, publish: anything, hosts: [${HOST}], pool: pool01, http: forward }]
log: { level: error, access: off }
health: { address: 127.0.0.1, port: ${PORTS.health} }
`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
}

function print(rows: readonly (readonly string[])[]): void {
  for (const row of rows)
    process.stdout.write(
      `${row.map((cell, at) => (at === 0 ? cell.padEnd(16) : cell.padStart(12))).join('')}\n`,
    )
}
