/** Whatever is done with a body in whatever order, its reader is told the same as by Node's IncomingMessage. */
import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { RequestBody } from '../../../src/listeners/request-body.ts'
import { fc } from '../../support/property.ts'

/** What the parser and the proxy do with it; 'wait' lets everything happen that is due. */
type Step =
  | { readonly do: 'bring'; readonly size: number }
  | { readonly do: 'finish' | 'listen' | 'leave' | 'pause' | 'resume' | 'wait' }

interface Subject {
  bring(bytes: Buffer | undefined): boolean
  listen(event: 'data' | 'end', listener: (bytes: Buffer) => void): void
  leave(listener: (bytes: Buffer) => void): void
  pause(): void
  resume(): void
  readonly isEnded: boolean
}

function ours(socket: Socket): Subject {
  const body = new RequestBody(socket, undefined)
  return {
    bring: (bytes) => body.add(bytes),
    listen: (event, listener) => body.listen(event, listener),
    leave: (listener) => void body.off('data', listener),
    pause: () => body.pause(),
    resume: () => body.resume(),
    get isEnded() {
      return body.isEnded
    },
  }
}

function nodes(socket: Socket): Subject {
  const message = new IncomingMessage(socket)
  return {
    bring: (bytes) => message.push(bytes ?? null),
    listen: (event, listener) => void message.on(event, listener),
    leave: (listener) => void message.off('data', listener),
    pause: () => void message.pause(),
    resume: () => void message.resume(),
    get isEnded() {
      return message.readableEnded
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What its reader has been told by the end of each wait, and whether the socket is read then. */
async function told(make: (socket: Socket) => Subject, steps: readonly Step[]): Promise<string[]> {
  const socket = new PassThrough() as unknown as Socket
  socket.resume()
  const subject = make(socket)
  const log: string[] = []
  let brought = 0
  let heard = 0
  const onData = (bytes: Buffer): void => {
    for (const byte of bytes) if (byte !== heard++ % 251) log.push('another byte')
  }
  let isListening = false
  let isWhole = false
  subject.listen('end', () => log.push('end'))
  const look = async (): Promise<void> => {
    await turn()
    await turn()
    const isRead = !socket.isPaused()
    log.push(`${heard}${subject.isEnded ? ' ended' : ''}${isRead ? '' : ' not read'}`)
  }
  for (const step of steps) {
    if (step.do === 'bring' && !isWhole) {
      const at = brought
      const bytes = Buffer.from(Array.from({ length: step.size }, (_, i) => (at + i) % 251))
      brought += step.size
      // As Node's parser does.
      if (!subject.bring(bytes)) socket.pause()
    } else if (step.do === 'finish' && !isWhole) {
      isWhole = true
      subject.bring(undefined)
      socket.resume()
    } else if (step.do === 'listen' && !isListening) {
      isListening = true
      subject.listen('data', onData)
    } else if (step.do === 'leave' && isListening) {
      // What comes now is thrown away; somebody who comes back hears only what is after it.
      await look()
      subject.leave(onData)
      return [...log, ...(await rest(subject, socket, isWhole))]
    } else if (step.do === 'pause') {
      // Who begins to read and stops in the same turn would be told an end by Node, and by us when it goes on.
      await turn()
      subject.pause()
    } else if (step.do === 'resume') subject.resume()
    else await look()
  }
  await look()
  return log
}

/** Nobody listens any more: it is only asked whether the end comes. */
async function rest(subject: Subject, socket: Socket, isWhole: boolean): Promise<string[]> {
  subject.resume()
  if (!isWhole) for (let i = 0; i < 3; i++) if (!subject.bring(Buffer.alloc(40_000))) socket.pause()
  await turn()
  if (!isWhole) subject.bring(undefined)
  await turn()
  await turn()
  return [subject.isEnded ? 'ended' : 'not ended', socket.isPaused() ? 'not read' : 'read']
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('bring' as const),
      size: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(16_384, 40_000, 65_536)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom<Exclude<Step['do'], 'bring'>[]>(
        'finish',
        'listen',
        'leave',
        'pause',
        'resume',
        'wait',
        'wait',
      ),
    }),
  },
)

t.test('500 orders of what is done', { timeout: 120_000 }, async (t) => {
  let ended = 0
  let held = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const [own, node] = [await told(ours, steps), await told(nodes, steps)]
      if (own.join() !== node.join()) throw new Error(`${own.join()} | ${node.join()}`)
      if (own.some((line) => line.includes('ended'))) ended++
      if (own.some((line) => line.includes('not read'))) held++
    }),
    { numRuns: 500 },
  )
  t.ok(ended > 50, `${ended} came to an end`)
  t.ok(held > 20, `in ${held} the socket was not read for a while`)
})

t.test('a piece is passed on in the call that brings it', async (t) => {
  const body = new RequestBody(new PassThrough() as unknown as Socket, undefined)
  const pieces: string[] = []
  t.ok(body.add(Buffer.from('before')))
  body.listen('data', (bytes) => pieces.push(bytes.toString()))
  body.listen('end', () => pieces.push('end'))
  t.same(pieces, [], 'the one who listens is not called from within')
  await turn()
  t.same(pieces, ['before'])
  body.add(Buffer.from('now'))
  body.add(undefined)
  t.same(pieces, ['before', 'now', 'end'])
})

t.test('a body that nobody reads is held up to a mark, and the socket not read', async (t) => {
  const socket = new PassThrough() as unknown as Socket
  const body = new RequestBody(socket, undefined)
  t.equal(body.add(Buffer.alloc(65_535)), true)
  t.equal(body.add(Buffer.alloc(1)), false)
  socket.pause()
  body.resume()
  t.equal(socket.isPaused(), true)
  await turn()
  t.equal(socket.isPaused(), false)
})
