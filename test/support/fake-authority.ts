/** An ACME authority inside the test that does what it is told, also what no good one does. It checks no signature. */
import '../../src/base/reflect-metadata.ts'
import { webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import {
  AuthorityKeyIdentifierExtension,
  Pkcs10CertificateRequest,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'

/** A request as it came in, its payload read. */
export interface AuthorityRequest {
  readonly method: string
  readonly path: string
  /** Undefined: none, or an empty one. */
  readonly payload: Record<string, unknown> | undefined
}

export interface AuthorityAnswer {
  readonly status?: number
  readonly body?: unknown
  readonly fields?: Readonly<Record<string, string>>
}

export interface FakeAuthority {
  readonly url: string
  /** PEM. */
  readonly root: string
  readonly requests: readonly AuthorityRequest[]
  /** Takes the place of the good answer to a path; undefined: the good one after all. */
  answer: (request: AuthorityRequest) => AuthorityAnswer | undefined
  /** Milliseconds since 1970, for certificates. */
  now: () => number
  /** Of certificates. */
  lifetimeMs: number
}

export const problem = (type: string, detail = '', status = 400): AuthorityAnswer => ({
  status,
  body: { type: `urn:ietf:params:acme:error:${type}`, detail },
  fields: { 'content-type': 'application/problem+json' },
})

const DAY = 86_400_000

/** Starts it on loopback and ends it with the test. */
export async function startFakeAuthority(t: Test): Promise<FakeAuthority> {
  const web = await createAuthority('Web root')
  const { certPem, keyPem } = await web.issue({ names: ['localhost'], ips: ['127.0.0.1'] })
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const requests: AuthorityRequest[] = []
  const orders: { name: string; isProved: boolean; pem: string | undefined }[] = []
  const server: Server = createServer({ cert: certPem, key: keyPem })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const base = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  const own: FakeAuthority = {
    url: `${base}/directory`,
    root: web.certificatePem,
    requests,
    answer: () => undefined,
    now: Date.now,
    lifetimeMs: 90 * DAY,
  }

  async function issue(csr: string): Promise<string> {
    const request = new Pkcs10CertificateRequest(Buffer.from(csr, 'base64url'))
    const names = request.getExtension('2.5.29.17')
    const certificate = await X509CertificateGenerator.create(
      {
        subject: '',
        issuer: 'CN=Fake',
        publicKey: request.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
        notBefore: new Date(own.now()),
        notAfter: new Date(own.now() + own.lifetimeMs),
        extensions: [
          ...(names ? [names] : []),
          await AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    )
    return certificate.toString('pem')
  }

  const orderBody = (id: number): AuthorityAnswer => {
    const order = orders[id]
    if (!order) return problem('malformed', 'no such order', 404)
    return {
      body: {
        status: order.pem ? 'valid' : order.isProved ? 'ready' : 'pending',
        authorizations: [`${base}/authorization/${id}`],
        finalize: `${base}/finalize/${id}`,
        certificate: order.pem && `${base}/certificate/${id}`,
      },
      fields: { location: `${base}/order/${id}` },
    }
  }

  async function goodAnswer({ path, payload }: AuthorityRequest): Promise<AuthorityAnswer> {
    const [, resource = '', text = ''] = path.split('/')
    const id = Number(text)
    const order = orders[id]
    switch (resource) {
      case 'directory':
        return {
          body: Object.fromEntries(
            ['newNonce', 'newAccount', 'newOrder', 'renewalInfo'].map((each) => [
              each,
              `${base}/${each}`,
            ]),
          ),
        }
      case 'newNonce':
        return {}
      case 'newAccount':
        return { status: 201, body: {}, fields: { location: `${base}/account/1` } }
      case 'newOrder': {
        const [identifier] = (payload?.['identifiers'] ?? []) as { value: string }[]
        orders.push({ name: identifier?.value ?? '', isProved: false, pem: undefined })
        return { ...orderBody(orders.length - 1), status: 201 }
      }
      case 'order':
        return orderBody(id)
      case 'authorization':
        return {
          body: {
            status: order?.isProved ? 'valid' : 'pending',
            identifier: { type: 'dns', value: order?.name },
            challenges: [
              {
                type: 'http-01',
                status: 'pending',
                token: `token-${id}`,
                url: `${base}/challenge/${id}`,
              },
            ],
          },
        }
      case 'challenge':
        if (order) order.isProved = true
        return { body: {} }
      case 'finalize':
        if (order) order.pem = await issue(String(payload?.['csr']))
        return orderBody(id)
      case 'certificate':
        return { body: order?.pem ?? '' }
      case 'renewalInfo':
        return problem('malformed', 'nothing to say', 404)
    }
    return problem('malformed', 'no such resource', 404)
  }

  server.on('request', async (req, res) => {
    let text = ''
    for await (const chunk of req) text += chunk
    const signed = text === '' ? '' : String((JSON.parse(text) as { payload: unknown }).payload)
    const request: AuthorityRequest = {
      method: req.method ?? '',
      path: req.url ?? '',
      payload:
        signed === ''
          ? undefined
          : (JSON.parse(Buffer.from(signed, 'base64url').toString()) as Record<string, unknown>),
    }
    requests.push(request)
    const { status = 200, body, fields = {} } = own.answer(request) ?? (await goodAnswer(request))
    res.writeHead(status, { 'replay-nonce': `nonce${requests.length}`, ...fields })
    res.end(typeof body === 'string' ? body : JSON.stringify(body ?? {}))
  })
  return own
}
