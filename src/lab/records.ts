/** What arrived at a lab server: the last thousand requests, for tests to look at and to wait for. */

/** One request as the lab saw it. The fields without a value yet are filled when it ends. */
export interface LabRecord {
  /** Short name of the server: `fe01`. */
  readonly server: string
  /** Number of the TCP connection, unique in the lab: `X-Lab-Connection`. */
  readonly connection: number
  /** Number of the request on its connection, from 1: `X-Lab-Request`. */
  readonly request: number
  readonly secure: boolean
  /** The name the client asked for in its TLS hello. */
  readonly tlsServerName: string | undefined
  readonly method: string
  /** The request target, byte for byte. */
  readonly target: string
  readonly httpVersion: string
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  /** `cut`: the lab itself broke the connection. `client-left`: it closed before the answer was complete. */
  readonly outcome: 'pending' | 'answered' | 'client-left' | 'cut'
  readonly status: number | undefined
  /** `CONTOSO\alice`, once the connection, a ticket or a token says so. */
  readonly user: string | undefined
  /** From the complete head to the outcome. */
  readonly durationMs: number | undefined
}

/** The part of a record that is filled in later. */
export type RecordUpdate = Partial<Pick<LabRecord, 'outcome' | 'status' | 'user' | 'durationMs'>>

/** An open record: `update` overwrites the named fields and wakes who waits. */
export interface RecordEntry {
  readonly record: LabRecord
  update(change: RecordUpdate): void
}

/** The bounded list of a server's records. */
export interface Recorder {
  readonly records: readonly LabRecord[]
  add(record: LabRecord): RecordEntry
  /** Resolves with the first record, past or future, that satisfies the condition; never rejects. */
  waitFor(condition: (record: LabRecord) => boolean): Promise<LabRecord>
}

const maxRecords = 1000

interface Waiter {
  readonly condition: (record: LabRecord) => boolean
  readonly resolve: (record: LabRecord) => void
}

/** Starts an empty list. */
export function createRecorder(): Recorder {
  const records: LabRecord[] = []
  const waiters = new Set<Waiter>()

  function announce(record: LabRecord): void {
    for (const waiter of waiters) {
      if (!waiter.condition(record)) continue
      waiters.delete(waiter)
      waiter.resolve(record)
    }
  }

  function add(record: LabRecord): RecordEntry {
    records.push(record)
    if (records.length > maxRecords) records.shift()
    announce(record)
    return {
      record,
      update: (change) => announce(Object.assign(record, change)),
    }
  }

  function waitFor(condition: (record: LabRecord) => boolean): Promise<LabRecord> {
    const present = records.find(condition)
    if (present) return Promise.resolve(present)
    return new Promise((resolve) => waiters.add({ condition, resolve }))
  }

  return { records, add, waitFor }
}
