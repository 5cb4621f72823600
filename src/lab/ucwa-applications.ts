/** The state behind UCWA: one event channel and one entity tag per application, shared by the pool's servers. */

/** A pending GET that waits for events. */
export interface PendingGet {
  readonly ack: number
  /** Ends it with these events; none means that its time is over. */
  deliver(events: readonly unknown[]): void
  /** Ends it because another one took its place. */
  replace(): void
}

/** One signed-in client. */
export interface UcwaApplication {
  readonly id: string
  /** Changes with every accepted PUT and POST. */
  etag: number
  pending: PendingGet | undefined
  /** Events nobody has been sent yet. */
  readonly waiting: unknown[]
  /** The last batch and the `ack` it was sent for: sent again until a higher `ack` confirms it. */
  lastBatch: { readonly ack: number; readonly events: readonly unknown[] } | undefined
}

/** All applications of the lab. They come into being when they are first named. */
export interface UcwaApplications {
  get(id: string): UcwaApplication
  /** Hands an event to the application's pending GET, or keeps it for the next one. */
  pushEvent(id: string, event: unknown): void
  /** Whether a pending GET of the application is being held at this moment. */
  isWaiting(id: string): boolean
}

// The number of the failure seen in the field: "currentEtag: 1123784134, expectedEtag: 1123784134-gzip".
const firstEtag = 1_123_784_134

/** Starts with none. */
export function createUcwaApplications(): UcwaApplications {
  const applications = new Map<string, UcwaApplication>()

  function get(id: string): UcwaApplication {
    const known = applications.get(id)
    if (known) return known
    const created: UcwaApplication = {
      id,
      etag: firstEtag,
      pending: undefined,
      waiting: [],
      lastBatch: undefined,
    }
    applications.set(id, created)
    return created
  }

  function pushEvent(id: string, event: unknown): void {
    const application = get(id)
    application.waiting.push(event)
    application.pending?.deliver(takeBatch(application, application.pending.ack))
  }

  return { get, pushEvent, isWaiting: (id) => get(id).pending !== undefined }
}

/** The events to answer a GET with: the unconfirmed batch again, or all that wait; empty when it has to wait. */
export function takeBatch(application: UcwaApplication, ack: number): readonly unknown[] {
  if (application.lastBatch?.ack === ack) return application.lastBatch.events
  const events = application.waiting.splice(0)
  if (events.length > 0) application.lastBatch = { ack, events }
  return events
}
