/**
 * The proxy between a client that sends anything and a server that records everything.
 *
 * What must hold, whatever was sent: the server gets strictly valid requests only; each of them is one that a second
 * parser finds in the client's bytes, in that order, with that body; each has its answer and no answer is left over;
 * behind what is refused the connection ends, and nothing more of it is read as a request.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { type ReadAnswers, readAnswers } from './read-answers.ts'
import { nodes, type ReadRequest, type ReadStream, readRequests, strict } from './read-requests.ts'
import type { RequestStream } from './request-streams.ts'
import type { TalkingBackend } from './talking-backend.ts'

/** Longer than any time-out of the world: a case that is waited for shows as one that is cut or answered late. */
const PATIENCE_MS = 25_000

export interface FrontWorld {
  readonly port: number
  readonly backend: TalkingBackend
}

/** Sends one stream. @returns what is wrong; undefined: all is well */
export async function runFront(
  { port, backend }: FrontWorld,
  stream: RequestStream,
): Promise<string | undefined> {
  const { pieces, answers, isPlain } = stream
  backend.begin(answers)
  const expected = readRequests(pieces.join(''), nodes)
  const client = await openClient(port)
  for (const piece of pieces) {
    client.socket.write(piece, 'latin1')
    await turn()
    await turn()
  }
  const isHead = (index: number): boolean =>
    (expected.requests[index]?.method ?? expected.begunMethod) === 'HEAD'
  const read = (): ReadAnswers => readAnswers(client.text, isHead, client.isClosed)
  // A stream that is wrong ends with the connection, or with an answer that says so: the proxy then reads on for a
  // while, so that the answer is not lost to a reset. Of any other stream, every request that is whole has an answer.
  const isDone = (): boolean => {
    const { answers: all } = read()
    if (client.isClosed || all.at(-1)?.closes) return true
    return /^(?:complete|incomplete)$/.test(expected.end) && all.length >= expected.requests.length
  }
  const inTime = await until(isDone)
  await turn()
  client.socket.end()
  const isOver = (): boolean =>
    client.isClosed && backend.connections.every(({ isClosed }) => isClosed)
  const ended = await until(isOver)
  client.socket.destroy()
  const got = read()
  if (!inTime) return `${explain(expected, got)}: neither answered nor closed`
  if (!ended) return 'a connection outlives its client'
  return got.wrong ?? judge({ expected, got, backend, isPlain })
}

interface Verdict {
  readonly expected: ReadStream
  readonly got: ReadAnswers
  readonly backend: TalkingBackend
  readonly isPlain: boolean
}

function judge({ expected, got, backend, isPlain }: Verdict): string | undefined {
  const { requests, begun } = expected
  const arrived = new Map<string, ReadRequest>()
  let isAnyLeft = false
  for (const { text, tokens } of backend.connections) {
    const read = readRequests(text, strict)
    if (!/^(?:complete|incomplete)$/.test(read.end))
      return `invalid bytes at the server (${read.end}): ${JSON.stringify(text)}`
    const all = read.begun ? [...read.requests, read.begun] : read.requests
    for (const [index, token] of tokens.entries()) arrived.set(token, all[index] as ReadRequest)
    if (read.requests.length > tokens.length) isAnyLeft = true
    const wrong = wrongBegun(read.begun, requests, begun)
    if (wrong) return wrong
  }
  if (isAnyLeft) return 'a request at the server that nobody answered'
  for (const [index, answer] of got.answers.entries()) {
    const isBeyond =
      index > requests.length || (index === requests.length && expected.end === 'complete')
    if (isBeyond) return `${explain(expected, got)}: more answers than requests`
    const asked = requests[index] ?? begun
    if (answer.token !== undefined) {
      const there = arrived.get(answer.token)
      arrived.delete(answer.token)
      if (!there || !asked) return `${explain(expected, got)}: an answer to nothing`
      const wrong = differs(asked, there)
      if (wrong) return `request ${index} is another one at the server: ${wrong}`
    } else if (isPlain) return `a plain request is refused: ${answer.line}`
    if (answer.closes && (index + 1 < got.answers.length || got.rest !== ''))
      return 'something follows an answer that closes'
  }
  if (isPlain && got.answers.length !== requests.length) return 'plain requests without an answer'
  // The answer to a request may be lost with the connection, but only the last one: nothing follows it.
  const mayLose =
    begun !== undefined ||
    /^(?:CONNECT|PRI)$/.test(expected.begunMethod ?? '') ||
    requests.slice(1).some(leavesHttp)
  if (arrived.size > 0 && !(arrived.size === 1 && mayLose && got.rest === ''))
    return `${explain(expected, got)}: an answer of the server got lost`
  return undefined
}

/** Sent ahead of an answer it cuts the connection: Node lets go of the socket, and its place in the order is lost. */
const leavesHttp = ({ method, fields }: ReadRequest): boolean =>
  /^(?:CONNECT|PRI)$/.test(method) || fields.some(([name]) => name.toLowerCase() === 'upgrade')

/** A request that did not arrive whole must at least be one of those that were sent. */
function wrongBegun(
  there: ReadRequest | undefined,
  requests: readonly ReadRequest[],
  begun: ReadRequest | undefined,
): string | undefined {
  if (!there) return undefined
  const sent = begun ? [...requests, begun] : requests
  const isSent = sent.some((asked) => differs({ ...asked, body: '' }, there) === undefined)
  return isSent ? undefined : `the server got a head that nobody sent: ${JSON.stringify(there)}`
}

/** The server's reading of a request must be ours. */
function differs(asked: ReadRequest, there: ReadRequest): string | undefined {
  if (there.method !== asked.method) return `method ${there.method}`
  if (there.target !== originForm(asked.target)) return `target ${there.target}`
  if (there.version !== '1.1') return `version ${there.version}`
  if (there.isChunked !== asked.isChunked) return 'another framing'
  if (there.body !== '' && there.body !== asked.body) return `body ${JSON.stringify(there.body)}`
  const hosts = there.fields.filter(([name]) => name.toLowerCase() === 'host')
  if (hosts.length !== 1) return 'not one Host'
  if (!isPart(there.fields.filter(isNotOurs), asked.fields))
    return `fields ${JSON.stringify(there.fields)}`
  if (!isPart(there.trailers, asked.trailers)) return `trailers ${JSON.stringify(there.trailers)}`
  return undefined
}

const originForm = (target: string): string => {
  const [, rest] = /^https?:\/\/[^/?]*(.*)$/i.exec(target) ?? []
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

type Field = readonly [name: string, value: string]

/** The fields that the proxy writes by itself. A Host that stood in the target alone is among them. */
const isNotOurs = ([name, value]: Field): boolean =>
  !/^(?:X-Forwarded-(?:For|Proto|Host)|Connection|Transfer-Encoding|Upgrade)$/.test(name) &&
  !(name === 'Host' && /^lyncweb\.contoso\.com$/i.test(value))

/** Every field of the one is in the other, in its order, case and number. */
function isPart(some: readonly Field[], all: readonly Field[]): boolean {
  let at = 0
  return some.every(([name, value]) => {
    while (at < all.length && (all[at]?.[0] !== name || all[at]?.[1] !== value)) at++
    return at++ < all.length
  })
}

const explain = (expected: ReadStream, got: ReadAnswers): string =>
  `${expected.requests.length} requests, then ${expected.end}; ${got.answers.map(({ line }) => line).join(', ') || 'no answer'}`

interface Client {
  readonly socket: Socket
  readonly text: string
  readonly isClosed: boolean
}

async function openClient(port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const client = { socket, text: '', isClosed: false }
  socket.on('data', (bytes) => {
    client.text += bytes.toString('latin1')
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    client.isClosed = true
  })
  await new Promise((resolve) => socket.once('connect', resolve))
  return client
}

async function until(isDone: () => boolean): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS
  for (let turns = 0; !isDone(); turns++) {
    if (performance.now() > deadline) return false
    await (turns < 50 ? turn() : sleep(1))
  }
  return true
}
