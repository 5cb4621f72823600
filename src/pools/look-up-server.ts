/**
 * Addresses of servers' names, by the system: hosts file, then DNS.
 *
 * The system's look-up blocks a thread until DNS answers, and a process has two of them for it. A DNS server that is
 * silent for one name would so take every other pool out. Hence one look-up per name at a time, and the address of last
 * time while there is no answer.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

type SystemLookUp = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

type Found = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void

interface Name {
  /** The last good answer. */
  addresses: readonly LookupAddress[] | undefined
  /** Who waits for the look-up that runs; undefined: none runs. */
  waiting: Set<Found> | undefined
  /** The look-up that runs takes longer than anybody waits who has an address of last time. */
  isSlow: boolean
}

/** How long an answer is waited for when there is an address of last time. */
const PATIENCE_MS = 500

/** As `net.connect` wants it. It remembers the names of the rules file, which are few. */
export function createServerLookUp(system: SystemLookUp = lookup): LookupFunction {
  const names = new Map<string, Name>()
  return (hostname, options, done) => {
    const key = `${hostname} ${options.family ?? 0} ${options.hints ?? 0}`
    const name = names.get(key) ?? { addresses: undefined, waiting: undefined, isSlow: false }
    names.set(key, name)
    const hand: Found = (error, addresses) => {
      const [first] = addresses
      if (error || !first) done(error ?? noAddress(hostname), '')
      else if (options.all) done(null, [...addresses])
      else done(null, first.address, first.family)
    }
    const { addresses } = name
    if (addresses && name.isSlow) return void process.nextTick(hand, null, addresses)
    const waiting =
      name.waiting ?? ask(name, (found) => system(hostname, { ...options, all: true }, found))
    if (!addresses) return void waiting.add(hand)
    const answer: Found = (error, fresh) => {
      clearTimeout(timer)
      // No answer is not the answer that there is no such name.
      if (error?.code === 'EAI_AGAIN') hand(null, addresses)
      else hand(error, fresh)
    }
    const timer = setTimeout(() => {
      waiting.delete(answer)
      name.isSlow = true
      hand(null, addresses)
    }, PATIENCE_MS)
    waiting.add(answer)
  }
}

/** Of this process. */
export const lookUpServer = createServerLookUp()

function ask(name: Name, start: (found: Found) => void): Set<Found> {
  const waiting = new Set<Found>()
  name.waiting = waiting
  start((error, found) => {
    const addresses = error ? [] : found
    name.waiting = undefined
    name.isSlow = false
    if (addresses.length > 0) name.addresses = addresses
    if (error && error.code !== 'EAI_AGAIN') name.addresses = undefined
    for (const answer of waiting) answer(error, addresses)
  })
  return waiting
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' })
}
