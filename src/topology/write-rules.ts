/** The rules file as text, with comments that say what to put where. */
import type { Plan, PlannedPool, PlannedRule } from './plan.ts'

/** Every name in the plan has been read as a host name, so only the names of rules need quotes. */
const inQuotes = (text: string): string => JSON.stringify(text)

/** A word YAML reads as text, or the same in quotes. */
const word = (text: string): string =>
  /^[A-Za-z][A-Za-z0-9_./ -]*[A-Za-z0-9]$/.test(text) &&
  !/^(?:true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : inQuotes(text)

const widest = 110

/** `[a, b]` on one line, or one item a line. */
function list(key: string, items: readonly string[], indent: string): string {
  const line = `${indent}${key}: [${items.join(', ')}]\n`
  if (line.length <= widest) return line
  return `${indent}${key}:\n${items.map((item) => `${indent}  - ${item}\n`).join('')}`
}

const comment = (sentence: string, indent: string): string => `${indent}# ${sentence}\n`

/** @param origin where the facts come from: one line each */
export function writeRules(plan: Plan, origin: readonly string[]): string {
  return [
    '# Written by lyncgate init from\n',
    ...origin.map((each) => comment(`  ${each}`, '')),
    '# Every key: docs/rules-reference.md. Check it with: lyncgate check FILE\n',
    'version: 1\n\n',
    "# The domains of your users' SIP addresses; {sipDomain} below stands for each.\n",
    list('sipDomains', plan.sipDomains.map(word), ''),
    '\n# Where clients arrive. Plain HTTP is needed: mobile clients ask for lyncdiscover on port 80 too.\n',
    'listeners:\n',
    ...plan.listeners.map(writeListener),
    certificates,
    'pools:\n',
    plan.pools.map(writePool).join('\n'),
    '\nrules:\n',
    plan.rules.map(writeRule).join('\n'),
    ...plan.unpublished.map(writeUnpublished),
    footer,
  ].join('')
}

function writeListener({ name, http, https }: Plan['listeners'][number]): string {
  const ports = [http && `    http: ${http}\n`, https && `    https: ${https}\n`].filter(Boolean)
  return `  - name: ${name}\n    address: 0.0.0.0\n${ports.join('')}`
}

const certificates = `
# The certificate that clients see, from a public authority, with all names under "hosts" below: put it and its chain
# here as PEM, and the key with mode 0600. "pfx:" with "passphraseFile:" takes a PKCS #12 file instead, "acme:" obtains
# certificates by itself (docs/acme.md).
certificates:
  - cert: certs/public.pem
    key: certs/public.key

`

function writePool(pool: PlannedPool): string {
  const { name, product, servers, http, https, serverName, comments } = pool
  const own = product === 'office-web-apps' ? { http: 80, https: 443 } : { http: 8080, https: 4443 }
  const tls =
    serverName === undefined
      ? '    tls: { ca: certs/internal-root.pem }\n'
      : `    tls: { ca: certs/internal-root.pem, serverName: ${word(serverName)} }\n`
  return [
    ...comments.map((each) => comment(each, '  ')),
    `  ${word(name)}:\n`,
    `    product: ${product}\n`,
    list('servers', servers.map(word), '    '),
    http === own.http ? '' : `    http: ${http}\n`,
    https === own.https ? '' : `    https: ${https}\n`,
    comment(
      'The root of your internal authority as PEM; it is what the servers are verified by.',
      '    ',
    ),
    serverName === undefined
      ? ''
      : comment(
          '"serverName" is the name their certificates carry besides their own; leave it out if they do not.',
          '    ',
        ),
    tls,
    `    health: { check: ${checkOf(pool)}, interval: 10s }\n`,
  ].join('')
}

/** Microsoft's probe where autodiscover answers; Lync 2010 has it only with the Mobility Service. */
function checkOf({ product }: PlannedPool): string {
  return product === 'office-web-apps' || product === 'lync-2010' ? 'tcp' : 'web'
}

function writeRule({ name, publish, hosts, pool, comments }: PlannedRule): string {
  return [
    ...comments.map((each) => comment(each, '  ')),
    `  - name: ${word(name)}\n`,
    `    publish: ${publish}\n`,
    list('hosts', hosts.map(word), '    '),
    `    pool: ${word(pool)}\n`,
  ].join('')
}

const writeUnpublished = (pool: string): string =>
  [
    '',
    `  # The pool ${pool} has no external web services FQDN of its own. With one:`,
    '  # - name: ...',
    '  #   publish: web-services',
    '  #   hosts: [NAME]',
    `  #   pool: ${pool}`,
    '',
  ].join('\n')

const footer = `
# For a load balancer or monitoring: http://<this machine>:8081/readyz. Not for the Internet.
health: { address: 0.0.0.0, port: 8081 }

# For lyncgate status, reload, drain: this machine only.
# admin: { address: 127.0.0.1, port: 9090 }

# A load balancer in front that adds X-Forwarded-For or a PROXY header is believed only if it stands here.
# trustedProxies: [192.0.2.10]
`
