/** Every code a rules file can be answered with: how grave it is and what it stands for. */
import type { Problem } from './problem.ts'

interface CodeRow {
  readonly severity: Problem['severity']
  readonly meaning: string
}

const error = (meaning: string): CodeRow => ({ severity: 'error', meaning })
const warning = (meaning: string): CodeRow => ({ severity: 'warning', meaning })

/** Codes are stable, scripts rely on them; a new mistake gets a new row. */
export const problemCodes = {
  'file-unreadable': error('The file does not exist, may not be read, or is a directory.'),
  'file-too-large': error('The file is larger than 1 MiB.'),
  'file-empty': error('The file says nothing.'),
  'file-not-utf8': error('The file is not UTF-8 text.'),
  'control-character': error('The file contains a character that no text has, such as NUL.'),
  'yaml-syntax': error('The file is not YAML.'),
  'too-deep': error('Lists and maps are nested deeper than any rules file needs.'),
  'too-many-aliases': error('Aliases (`*name`) contain themselves or grow beyond all measure.'),
  'not-a-map': error('The file is YAML but not keys with values.'),
  'duplicate-key': error('A key is written twice in one map.'),
  'bad-key': error('A key is not text, or cannot be a name.'),
  'unknown-key': error('A key that does not exist here.'),
  'missing-key': error('A key that must be there is missing.'),
  'wrong-type': error(
    'A value of the wrong kind: a list instead of text, text instead of a number.',
  ),
  'unknown-value': error('A word that is none of the possible ones.'),
  'out-of-range': error('A number, size, duration, text or list outside its limits.'),
  'bad-duration': error('Not a duration such as `16m`.'),
  'bad-size': error('Not a size such as `64KiB`.'),
  'bad-address': error('Not an IP address, where only an IP address can be.'),
  'bad-host': error('Not a host name that can be published or reached.'),
  'bad-network': error('Not an IP address or network in CIDR form.'),
  'bad-name': error('Not a usable name of a listener, pool or rule.'),
  'bad-path': error('Not a path that a rule can allow or deny, or that a check can ask for.'),
  'bad-url': error('Not an https URL, or not a redis URL.'),
  'bad-mail': error('Not one mail address.'),
  'no-listeners': error('No listener, so nothing could be reached.'),
  'no-rules': error('No rule, so nothing would be published.'),
  'no-certificates': error('A listener speaks TLS but there is no certificate.'),
  'acme-without-http': error('ACME needs a listener with http, and there is none.'),
  'no-sip-domains': error('`{sipDomain}` is used but sipDomains is missing or empty.'),
  'listener-without-port': error('A listener has neither http nor https.'),
  'no-trusted-proxies': error(
    'A listener needs a PROXY header, but nobody is trusted to send one.',
  ),
  'port-clash': error('Two of listeners, streams, health and admin want one port.'),
  'port-may-clash': warning('`::` and an IPv4 address share a port; on most systems they clash.'),
  'duplicate-name': error(
    'Two listeners, rules, streams or SIP domains are called the same, or a stream and a pool.',
  ),
  'duplicate-server': error('A pool or stream names one server twice.'),
  'duplicate-host': error(
    'A host is published twice on one listener, or in the routes of one stream.',
  ),
  'shadowed-rule': error('A rule can never be reached: others publish all of its hosts.'),
  'missing-pool': error('A rule names a pool that does not exist.'),
  'missing-listener': error('A rule names a listener that does not exist.'),
  'pool-without-servers': error('A pool or stream has no server.'),
  'nobody-allowed': error('The list of those who may connect to a stream is empty.'),
  'route-without-condition': error('A route of a stream fits every connection.'),
  'stream-to-itself': error('A stream leads to its own port.'),
  'rule-without-hosts': error('A rule publishes no host.'),
  'redirect-to-refused': error('Plain HTTP is redirected to HTTPS, which is refused.'),
  'allowed-and-denied': error('A rule allows and denies the same path.'),
  'not-for-this-kind': error('A rule switches on what does nothing on its kind of name.'),
  'unused-pool': warning('A pool that no rule uses.'),
  'never-served': warning('A rule refuses everything its listeners could accept.'),
  'product-mismatch': warning('What a rule publishes is not what the product of its pool offers.'),
  'allow-below-deny': warning('A rule allows a path below one that it denies; it stays closed.'),
  'strict-without-catalogue': warning('`policy.paths: strict` has no effect on this rule.'),
  'short-timeout': warning('A timeout below what Microsoft demands.'),
  'pfx-and-pem': error('A certificate is named twice: as `pfx` and as PEM files.'),
  'admin-exposed': error('The admin address is not loopback and lacks a token or TLS.'),
  'proxy-header-to-sip': warning('A SIP server is sent a PROXY header, which it does not expect.'),
  'insecure-tls': warning('Certificates of a pool are not verified.'),
  'old-tls': warning('A pool is reached with TLS 1.0 or 1.1.'),
  'trusts-everyone': warning('Forwarding headers are believed whoever sends them.'),
  'more-problems': error('There are more problems than are listed.'),
} as const satisfies Record<string, CodeRow>

export type ProblemCode = keyof typeof problemCodes
