/**
 * What a wrong password is answered with: learnt from the answers of the pool, so that a refusal of ours tells nothing
 * that a refusal of the pool would not. Only what every wrong password gets is kept.
 */
import type { SignInKind } from './credentials.ts'

export interface AnswerShape {
  readonly status: number
  readonly reason: string
  /** Names and values in turn, in the order of the server. Date and Content-Length keep their places only. */
  readonly fields: readonly string[]
  readonly body: Buffer
}

/** Where an answer came from. */
export interface ShapePlace {
  readonly pool: string
  readonly kind: SignInKind
  readonly host: string
  /** The target of the request. */
  readonly target: string
}

/** Fields of IIS and Lync that say the same to everybody. A field that is not here may be about somebody. */
const KEPT = new Set([
  'cache-control',
  'content-language',
  'content-length',
  'content-type',
  'date',
  'expires',
  'p3p',
  'pragma',
  'referrer-policy',
  'server',
  'strict-transport-security',
  'vary',
  'www-authenticate',
  'x-aspnet-version',
  'x-content-type-options',
  'x-frame-options',
  'x-ms-diagnostics',
  'x-ms-server-fqdn',
  'x-ms-webticketsupported',
  'x-ms-webticketurl',
  'x-powered-by',
  'x-xss-protection',
])

/** The fields of a head that a refusal of ours repeats. Date and Content-Length keep their places, not their values. */
export function keptFields(fields: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    if (!KEPT.has(name.toLowerCase())) continue
    // What follows the scheme belongs to one handshake.
    const isOffer = name.toLowerCase() === 'www-authenticate'
    kept.push(name, isOffer ? value.replace(/^\s*(ntlm|negotiate)\s+\S.*$/i, '$1') : value)
  }
  return kept
}

const MOST_SHAPES = 256

/** Longer bodies are not learnt: those of IIS and Lync have about 1300 bytes. */
export const MOST_BODY_BYTES = 4096

export interface LearntShape {
  readonly key: string
  readonly shape: AnswerShape
}

export class AnswerShapes {
  readonly #shapes = new Map<string, AnswerShape>()
  /** Called with a shape that is new or another one than before. */
  onLearnt: (learnt: LearntShape) => void = () => {}

  /** The pool has refused a password. */
  learn(place: ShapePlace, shape: AnswerShape): void {
    for (const key of [keyOf(place), poolKeyOf(place)]) this.#keep(key, shape)
  }

  #keep(key: string, shape: AnswerShape): void {
    const before = this.#shapes.get(key)
    if (before && isSame(before, shape)) return
    this.adopt({ key, shape })
    this.onLearnt({ key, shape })
  }

  /** Takes up what another process has learnt. */
  adopt({ key, shape }: LearntShape): void {
    this.#shapes.delete(key)
    this.#shapes.set(key, { ...shape, body: Buffer.from(shape.body) })
    if (this.#shapes.size <= MOST_SHAPES) return
    for (const oldest of this.#shapes.keys()) {
      this.#shapes.delete(oldest)
      return
    }
  }

  /** As the directory answered lately, else as the pool did, else as IIS does by default. */
  find(place: ShapePlace): AnswerShape {
    const { kind } = place
    return (
      this.#shapes.get(keyOf(place)) ?? this.#shapes.get(poolKeyOf(place)) ?? defaultShape(kind)
    )
  }

  list(): readonly LearntShape[] {
    return [...this.#shapes].map(([key, shape]) => ({ key, shape }))
  }
}

const isSame = (one: AnswerShape, other: AnswerShape): boolean =>
  one.status === other.status &&
  one.body.equals(other.body) &&
  String(withoutDate(one.fields)) === String(withoutDate(other.fields))

const withoutDate = (fields: readonly string[]): readonly string[] =>
  fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== 'date')

/** Shapes differ by directory: each has its own authentication settings in IIS. */
const keyOf = ({ pool, kind, host, target }: ShapePlace): string =>
  JSON.stringify([pool, kind, host, /^\/([^/?#]{0,64})/.exec(target)?.[1]?.toLowerCase()])

const poolKeyOf = ({ pool, kind }: ShapePlace): string => JSON.stringify([pool, kind])

/** What IIS and Lync answer as they are installed. */
function defaultShape(kind: SignInKind): AnswerShape {
  switch (kind) {
    case 'soap':
      return {
        status: 500,
        reason: 'Internal Server Error',
        fields: ['Content-Type', 'text/xml; charset=utf-8', 'Content-Length', ''],
        body: Buffer.from(
          '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>' +
            '<faultcode xmlns:a="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">' +
            'a:FailedAuthentication</faultcode><faultstring>The security token could not be authenticated.' +
            '</faultstring></s:Fault></s:Body></s:Envelope>',
        ),
      }
    case 'oauth':
      return {
        status: 400,
        reason: 'Bad Request',
        fields: ['Content-Type', 'application/json; charset=utf-8', 'Content-Length', ''],
        body: Buffer.from('{"error":"invalid_grant"}'),
      }
    default:
      return {
        status: 401,
        reason: 'Unauthorized',
        fields: ['Content-Type', 'text/html', ...offersOf(kind), 'Content-Length', ''],
        body: Buffer.from(
          '<h1>401 - Unauthorized: Access is denied due to invalid credentials.</h1>\n',
        ),
      }
  }
}

const offersOf = (kind: SignInKind): readonly string[] =>
  kind === 'basic'
    ? ['WWW-Authenticate', 'Basic']
    : ['WWW-Authenticate', 'Negotiate', 'WWW-Authenticate', 'NTLM']
