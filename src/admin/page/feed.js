/** Listens to `/api/events` for as long as the page is open, and comes again when it is cut off. */
import { ask, errorOf, isAboutToken } from './ask.js'
import { createEventParser } from './parse-events.js'

/** @import { ApiError } from './ask.js' */

/**
 * @typedef {object} FeedListener
 * @property {(name: string, data: unknown) => void} onEvent
 * @property {() => void} onContact
 * @property {(why: string) => void} onLost
 * @property {(error: ApiError) => Promise<void>} needToken resolves when there is another one to try
 */

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 10_000

/** The other side writes something every 15 seconds. */
const SILENCE_MS = 40_000

/**
 * @param {FeedListener} listener
 * @returns {Promise<never>}
 */
export async function listen(listener) {
  let pauseMs = FIRST_PAUSE_MS
  for (;;) {
    const outcome = await listenOnce(listener, () => {
      pauseMs = FIRST_PAUSE_MS
      listener.onContact()
    })
    if (typeof outcome !== 'string') {
      await listener.needToken(outcome)
      continue
    }
    listener.onLost(outcome)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }
}

/**
 * @param {FeedListener} listener
 * @param {() => void} onContact
 * @returns {Promise<string | ApiError>} why it ended; an error: another token is needed
 */
async function listenOnce({ onEvent }, onContact) {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    const response = await ask('/api/events', { signal: silence.signal })
    const error = await errorOf(response)
    if (error) return isAboutToken(error) ? error : error.message
    onContact()
    let why = 'lyncgate ended the connection'
    const parse = createEventParser((name, data) => {
      if (name === 'end') why = endText(data)
      else onEvent(name, JSON.parse(data))
    })
    if (!response.body) return why
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return why
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      parse(value)
    }
  } catch {
    return silence.signal.aborted ? 'nothing was heard for a while' : 'it does not answer'
  } finally {
    clearTimeout(timer)
  }
}

/** @param {string} data */
const endText = (data) =>
  data.includes('stopping') ? 'the admin address was closed' : 'its token has changed'
