/**
 * The closed catalogue of everything that may keep an exchange from ending well.
 *
 * A code names side, phase and what: it is what the access log carries, what docs/errors.md explains and what decides
 * the answer. Statuses follow from what Lync clients do with them: mobile clients drop their cached service URL on 403
 * and 502 (UCWA, RootURL), so back-end trouble is 503 or 504 and never those two.
 */

export type FailureCode = keyof typeof failures

export interface Failure {
  readonly side: 'client' | 'backend' | 'proxy'
  /** The status of our own answer, as long as no byte of another answer was sent. 0: the connection is cut. */
  readonly status: number
  /** For people who see the answer; names nothing internal. */
  readonly text: string
  /** Seconds for a Retry-After field; 0: none. */
  readonly retryAfterSeconds: number
  /** True when the client connection cannot be used after this. */
  readonly closes: boolean
  /** What an administrator does about it. */
  readonly advice: string
}

const client = (status: number, text: string, advice: string, closes = true): Failure => ({
  side: 'client',
  status,
  text,
  retryAfterSeconds: 0,
  closes,
  advice,
})

const backend = (status: number, text: string, advice: string): Failure => ({
  side: 'backend',
  status,
  text,
  retryAfterSeconds: status === 503 ? 5 : 0,
  closes: false,
  advice,
})

export const failures = {
  'client-malformed': client(
    400,
    'The request is malformed.',
    'The client or something in front of the proxy sent bytes that are not HTTP/1.1.',
  ),
  'client-host-missing': client(
    400,
    'The request needs exactly one Host field.',
    'RFC 9112 3.2: a request without Host, with two of them or with a wrong one cannot be routed.',
  ),
  'client-host-mismatch': client(
    400,
    'The request target and the Host field name different hosts.',
    'RFC 9112 3.2.2: two names in one request are never guessed about.',
  ),
  'client-target-invalid': client(
    400,
    'The request target is not one that can be published.',
    'Only origin-form and matching absolute-form targets are forwarded (RFC 9112 3.2).',
  ),
  'client-framing-ambiguous': client(
    400,
    'The length of the request is ambiguous.',
    'RFC 9112 6.1 and 6.3: somebody may be trying to smuggle a request; look at the client address.',
  ),
  'client-upgrade-refused': client(
    400,
    'Only well-formed WebSocket upgrades are possible here.',
    'h2c and other upgrades are refused: they would tunnel past routing and policy.',
  ),
  'client-method-refused': client(
    405,
    'This method is not available here.',
    'CONNECT and TRACE are never forwarded.',
  ),
  'client-expectation-unknown': client(
    417,
    'Only the expectation 100-continue is known here.',
    'RFC 9110 10.1.1: the client sent an Expect field with another value.',
  ),
  'client-head-too-large': client(
    431,
    'The request head is too large.',
    'limits.head and limits.fields: raise them when a legitimate Kerberos ticket or web ticket needs more.',
  ),
  'client-body-too-large': client(
    413,
    'The request body is too large.',
    'limits.body: raise it when meeting content of that size is wanted.',
  ),
  'client-head-timeout': client(
    408,
    'The request head did not arrive in time.',
    'timeouts.requestHead: a slow or dead client, or a port scanner.',
  ),
  'client-body-timeout': client(
    408,
    'The request body did not arrive in time.',
    'timeouts.requestBody and limits.minRate: the client stopped sending in mid-upload, or all but stopped.',
  ),
  'client-read-timeout': client(
    0,
    '',
    'timeouts.clientRead and limits.minRate: the client took next to nothing of the answer; it was cut.',
  ),
  'client-limit': {
    ...client(
      429,
      'Too many connections come from this address.',
      'limits.connectionsPerClient: all of this client are in use. A whole office behind one address may need more.',
    ),
    retryAfterSeconds: 10,
  } satisfies Failure,
  'client-not-published': client(
    421,
    'This name is not published here.',
    'No rule names this host on this listener, or the rule refuses this port: add it to the hosts of a rule, or correct DNS.',
    false,
  ),
  'client-identities-mixed': client(
    400,
    'Connection-bound sign-in is not possible over a connection shared by several clients.',
    'A trusted proxy multiplexes clients over one connection: NTLM cannot work through it (RFC 4559 6).',
  ),
  'policy-refused': client(
    404,
    'There is nothing here.',
    'The directory is internal only, or the policy or the rule does not serve it: `lyncgate explain` says which.',
    false,
  ),
  'policy-internal-name': client(
    404,
    'There is nothing here.',
    'lyncdiscoverinternal and admin are names for inside: they should not be in public DNS. A rule for an inner listener may name them.',
    false,
  ),
  'policy-undecidable': client(
    400,
    'The path of the request cannot be understood.',
    'The path hides characters (NUL, overlong UTF-8, too many encodings), has session ids inside names, or is longer than servers take: nobody can say where it leads.',
  ),
  'policy-virtual-patch': client(
    404,
    'There is nothing here.',
    'The request would have used a known hole of the server (the log line names it): somebody is trying, or patch it.',
  ),
  'client-user-blocked': client(
    401,
    'Access is denied due to invalid credentials.',
    'The sign-in guard: too many sign-ins of this user failed lately, so this one was not passed on. `lyncgate blocked` lists who is blocked, `lyncgate unblock NAME` ends it.',
    false,
  ),
  'client-throttled': {
    ...client(
      429,
      'Too many sign-ins failed. Try again later.',
      'The sign-in guard: too many sign-ins from this client failed lately. `signInGuard.allow.clients` leaves out the address of a branch office.',
      false,
    ),
    retryAfterSeconds: 60,
  } satisfies Failure,
  'client-left': {
    side: 'client',
    status: 0,
    text: '',
    retryAfterSeconds: 0,
    closes: true,
    advice:
      'The client closed its connection before the answer was complete; its back-end request was ended.',
  } satisfies Failure,
  'backend-unreachable': backend(
    503,
    'The service is not available at the moment.',
    'No server of the pool could be connected; the log line names the last reason (refused, time-out, certificate).',
  ),
  'backend-none-healthy': backend(
    503,
    'The service is not available at the moment.',
    'Every server of the pool is unhealthy or draining, so none was tried; the log line says why for each.',
  ),
  'backend-closed-early': backend(
    503,
    'The service ended the connection before it answered.',
    'The server closed in mid-request: look at its HTTPERR and IIS logs. Nothing is ever replayed.',
  ),
  'backend-answer-malformed': backend(
    503,
    'The service gave an answer that is not valid HTTP.',
    'The server, or something before it, breaks RFC 9112; the log line names what was wrong.',
  ),
  'backend-response-timeout': backend(
    504,
    'The service did not answer in time.',
    'timeouts.response: the server was silent for that long.',
  ),
  'backend-broke-off': backend(
    0,
    '',
    'The server broke off inside its answer; the client connection was cut so that nobody takes it for complete.',
  ),
  'backend-stalled': backend(
    0,
    '',
    'Neither side moved a byte of the answer for timeouts.response; both connections were cut.',
  ),
  'proxy-full': {
    side: 'proxy',
    status: 503,
    text: 'The service is busy.',
    retryAfterSeconds: 10,
    closes: true,
    advice:
      'limits.connections, connections of the listener, or the open files of the process: all are in use, so new ones have to wait.',
  } satisfies Failure,
  'proxy-stopping': {
    side: 'proxy',
    status: 503,
    text: 'The proxy is stopping.',
    retryAfterSeconds: 1,
    closes: true,
    advice: 'The drain time after SIGTERM ended before this exchange did.',
  } satisfies Failure,
  'proxy-fault': {
    side: 'proxy',
    status: 500,
    text: 'The proxy failed to handle this request.',
    retryAfterSeconds: 0,
    closes: true,
    advice: 'A bug in lyncgate: please report the logged stack.',
  } satisfies Failure,
} as const satisfies Record<string, Failure>

/** The catalogue entry of a code. */
export const failureOf = (code: FailureCode): Failure => failures[code]
