/**
 * A bug in a later event of an exchange must end that exchange, and nobody else's.
 *
 * What runs in an event of a socket or a timer has no caller who could catch. Each such place belongs to one exchange,
 * and hands it what is thrown; the places are few, because all steps in between are plain calls.
 */

/** Whose exchange ends when something throws. */
export type OnFault = (error: unknown) => void

/** The listener, with a way for what it throws. */
export const guarded =
  <Values extends readonly unknown[]>(
    onFault: OnFault,
    listener: (...values: Values) => void,
  ): ((...values: Values) => void) =>
  (...values) => {
    try {
      listener(...values)
    } catch (error) {
      onFault(error)
    }
  }
