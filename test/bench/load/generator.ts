/** The load that wrk cannot make, in a process of its own: new connections, sign-ins, long polls, an open loop. */
import { serveRemote } from '../remote.ts'
import { type BenchClient, openClient, type Target } from './client.ts'
import { openLoop } from './open-loop.ts'
import { signInOn } from './sign-in.ts'

export interface Repeated {
  readonly target: Target
  readonly connections: number
  readonly ms: number
  /** Whether TLS sessions are resumed. */
  readonly resume: boolean
  /** What `fresh` asks for. */
  readonly path?: string
}

export interface RepeatedResult {
  readonly done: number
  readonly resumed: number
  /** Answers whose body begins with `r`: what the back end says about its own sessions. */
  readonly marked: number
  /** What went wrong, the first of each kind. */
  readonly errors: readonly string[]
}

/** Idle connections at a time that are being opened. */
const OPENING = 32
/** The newest TLS session by port and loop, kept over windows. */
const sessions = new Map<string, Buffer>()
let polls: { client: BenchClient; answered: Promise<unknown> }[] = []

const api = {
  /** New connection, handshake, small request, connection closed by the client. */
  fresh: async (given: Repeated): Promise<RepeatedResult> => {
    let marked = 0
    const result = await repeat(given, async (client) => {
      const { status, body } = await client.ask(given.path ?? '/')
      if (body.startsWith('r')) marked += 1
      return status === 200 ? undefined : `status ${status}`
    })
    return { ...result, marked }
  },

  /** New connection, handshake, three legs, connection closed by the client. */
  signIns: async (given: Repeated): Promise<RepeatedResult> => ({
    ...(await repeat(given, signInOn)),
    marked: 0,
  }),

  /** Many sign-ins of two people side by side on kept connections, and strangers afterwards. */
  proveSignIns: async (given: { target: Target; connections: number }): Promise<string | null> => {
    const { target, connections } = given
    const clients = await Promise.all(Array.from({ length: connections }, () => openClient(target)))
    const troubles = await Promise.all(
      clients.map((client, at) => signInOn(client, at, 20).catch(messageOf)),
    )
    for (const client of clients.slice(connections / 2)) client.close()
    const strangers = await Promise.all(
      Array.from({ length: connections }, async () => {
        const client = await openClient(target)
        const { status, body } = await client.ask('/ntlm')
        client.close()
        return status === 401 ? undefined : `a stranger is served as ${body}`
      }).map((each) => each.catch(messageOf)),
    )
    for (const client of clients) client.close()
    return [...troubles, ...strangers].find((trouble) => trouble !== undefined) ?? null
  },

  /** Opens connections with one long poll each and keeps them; how many there are then. */
  openPolls: async (given: { target: Target; count: number }): Promise<number> => {
    let left = given.count
    const open = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        const client = await openClient(given.target)
        polls.push({ client, answered: answered(client) })
      }
    }
    await Promise.all(Array.from({ length: OPENING }, open))
    return polls.length
  },

  /** Waits until each poll has its answer, and sends the next one at once; how many were answered well. */
  renewPolls: async (_: null): Promise<number> => {
    const results = await Promise.all(polls.map(({ answered: each }) => each))
    return results.filter((status) => status === 200).length
  },

  closePolls: async (_: null): Promise<null> => {
    for (const { client } of polls) client.close()
    polls = []
    return null
  },

  openLoop,
}

export type GeneratorApi = typeof api
serveRemote<typeof api>(api)

/** Sends a poll; when it is answered, the next one goes out before anybody is told. */
function answered(client: BenchClient): Promise<number> {
  return client.ask('/poll').then(
    ({ status }) => {
      const poll = polls.find((each) => each.client === client)
      if (poll)
        poll.answered = client.ask('/poll').then(
          ({ status: next }) => next,
          () => 0,
        )
      return status
    },
    () => 0,
  )
}

async function repeat(
  { target, connections, ms, resume }: Repeated,
  work: (client: BenchClient, at: number) => Promise<string | undefined>,
): Promise<Omit<RepeatedResult, 'marked'>> {
  const end = performance.now() + ms
  const errors = new Set<string>()
  let done = 0
  let resumed = 0
  const loop = async (at: number): Promise<void> => {
    const place = `${target.port}/${at}`
    while (performance.now() < end) {
      try {
        const client = await openClient(target, resume ? sessions.get(place) : undefined)
        if (client.socket.isSessionReused()) resumed += 1
        // With TLS 1.3 the ticket comes after the handshake.
        if (resume)
          client.socket.once('session', (ticket: Buffer) => {
            sessions.set(place, ticket)
          })
        const trouble = await work(client, at)
        if (trouble !== undefined) errors.add(trouble)
        client.close()
        done += 1
      } catch (error) {
        errors.add((error as Error).message)
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, at) => loop(at)))
  return { done, resumed, errors: [...errors] }
}

const messageOf = (error: Error): string => error.message
