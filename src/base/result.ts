/** A value or the reason there is none. Expected trouble is a value; throwing is for bugs. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E }

/** A successful result. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value })

/** A failed result. */
export const failed = <E>(error: E): Result<never, E> => ({ ok: false, error })
