/** `preflight cwa`: Communicator Web Access, HTTPS only and under one name. */
import { isIP } from 'node:net'
import { type Finding, finding, type Judgement, type System } from './finding.ts'
import { judgeAddresses } from './judge-addresses.ts'
import { judgeCertificate } from './judge-certificate.ts'
import { readCertificate } from './roots.ts'
import type { Family } from './run-preflight.ts'
import { type Endpoint, type Surroundings, writeEndpoint } from './surroundings.ts'
import type { WebAnswer } from './web-probe.ts'

const concerns: readonly System[] = ['Communicator Web Access']

/** The page for signing in from outside (forms; the other one is for inside). */
const logonPath = '/forms/logon.html'

const mostAddresses = 4

export interface WebAccess {
  readonly host: string
  /** 443 unless the user says otherwise. */
  readonly port: number
}

/** @param access the name that users type, lower case */
export function cwaFamily(access: WebAccess): Family {
  return {
    title: `Communicator Web Access at ${access.host}`,
    steps: [{ name: 'name, ports and certificate', run: (world) => testWebAccess(world, access) }],
  }
}

async function testWebAccess(
  surroundings: Surroundings,
  access: WebAccess,
): Promise<readonly Finding[]> {
  const { host, port } = access
  const { dns, from } = surroundings
  const say = (judgement: Judgement): Finding => finding({ concerns, ...judgement, subject: host })
  if (isIP(host) !== 0) return [say(notAName)]
  const answer = await dns.addresses(host)
  if (answer.status !== 'found') {
    const seen =
      answer.status === 'failed' ? `DNS did not answer (${answer.reason})` : 'has no address'
    const means = 'Users cannot reach it.'
    const advice = 'Add an A record for the name.'
    return [say({ verdict: 'fail', check: 'web-address', seen, means, advice })]
  }
  const addresses = answer.records.slice(0, mostAddresses)
  const tested = await Promise.all(
    addresses.map(async (address) => [
      ...(await testHttps(surroundings, access, { address, port })),
      await testPlain(surroundings, access, { address, port: 80 }),
    ]),
  )
  return [say(judgeAddresses(addresses, from === 'internet', unreachable)), ...tested.flat()]
}

const notAName: Judgement = {
  verdict: 'fail',
  check: 'web-address',
  seen: 'is an address, not a name',
  means: 'The certificate, the external virtual server and DNS must all have the same name.',
  advice: 'Give the name that users type.',
}

const unreachable = {
  check: 'web-address',
  means: 'Users outside get no connection.',
  advice: 'Publish the outer address of the proxy. Inside, run the preflight with --from lan.',
}

async function testHttps(
  { probes, roots, now }: Surroundings,
  { host }: WebAccess,
  endpoint: Endpoint,
): Promise<readonly Finding[]> {
  const subject = `https://${host} (${writeEndpoint(endpoint)})`
  const say = (judgement: Judgement): Finding => finding({ concerns, ...judgement, subject })
  const answer = await probes.tls(endpoint, host)
  if (answer.kind !== 'tls') {
    const seen = answer.kind === 'unreachable' ? `not reachable (${answer.reason})` : answer.seen
    const means = 'Communicator Web Access is used by HTTPS only.'
    const advice = `Publish TCP ${endpoint.port} with TLS, and assign a certificate for ${host}.`
    return [say({ verdict: 'fail', check: 'web-https', seen, means, advice })]
  }
  const chain = answer.chain.map((der) => readCertificate(der))
  const [leaf, ...others] = chain
  if (!leaf) {
    const seen = 'what it presents is no certificate'
    const means = 'No browser connects.'
    return [
      say({ verdict: 'fail', check: 'web-https', seen, means, advice: 'Assign a certificate.' }),
    ]
  }
  const page = await probes.web(endpoint, { scheme: 'https', host, path: logonPath })
  return [
    say({ verdict: 'pass', check: 'web-https', seen: `speaks ${answer.version}` }),
    ...judgeCertificate(
      { chain: [leaf, ...others.filter((each) => each !== undefined)], subject, roots, now },
      { name: host, concerns, wildcard: 'pass', isMutual: false },
    ),
    say(judgeLogon(page, host)),
  ]
}

function judgeLogon(page: WebAnswer, host: string): Judgement {
  const check = 'web-logon'
  if (page.kind !== 'answer')
    return {
      verdict: 'fail',
      check,
      seen: `no HTTP answer (${page.reason})`,
      means: 'Users see an empty page.',
      advice:
        'Look at the external virtual server of Communicator Web Access and at the proxy before it.',
    }
  const { status, location } = page
  const seen = `${logonPath} gives ${status}`
  const elsewhere = location === undefined ? undefined : foreignHost(location, host)
  if (elsewhere !== undefined)
    return {
      verdict: 'fail',
      check: 'web-name',
      seen: `${seen}, sent on to ${elsewhere}`,
      means:
        'The server knows itself by another name than users do; outside, that name is not reachable or not in the certificate.',
      advice: `Set the external name of the virtual server to ${host}, and let the proxy pass the Host field unchanged.`,
    }
  if (status === 200) return { verdict: 'pass', check, seen }
  return {
    verdict: 'warn',
    check,
    seen,
    means: 'The page for signing in from outside is not there.',
    advice:
      'See that the virtual server is one for external users (forms), and that the proxy publishes its paths.',
  }
}

/** The host of a Location field if it is another one; unreadable ones count as their own text. */
function foreignHost(location: string, host: string): string | undefined {
  if (!URL.canParse(location, `https://${host}`)) return location
  const target = new URL(location, `https://${host}`)
  return target.hostname === host ? undefined : target.hostname
}

async function testPlain(
  { probes }: Surroundings,
  { host }: WebAccess,
  endpoint: Endpoint,
): Promise<Finding> {
  const subject = `http://${host} (${writeEndpoint(endpoint)})`
  const check = 'web-plain'
  const page = await probes.web(endpoint, { scheme: 'http', host, path: logonPath })
  return finding({ concerns, ...judgePlain(page, host), check, subject })
}

function judgePlain(page: WebAnswer, host: string): Omit<Judgement, 'check'> {
  if (page.kind !== 'answer')
    return { verdict: 'pass', seen: `nothing is served without TLS (${page.reason})` }
  const { status, location } = page
  if (location?.toLowerCase().startsWith('https:') && foreignHost(location, host) === undefined)
    return { verdict: 'pass', seen: `${status}, sent on to HTTPS` }
  if (status >= 400) return { verdict: 'pass', seen: `refused with ${status}` }
  return {
    verdict: 'fail',
    seen: `answers with ${status} without TLS`,
    means: 'Passwords would be sent in the clear. Microsoft does not support HTTP for it.',
    advice: 'Close TCP 80 for this name, or send it on to HTTPS.',
  }
}
