/** Requests to the address that the page came from, with the token once there is one. It is kept here and nowhere else. */

/** @typedef {{ readonly code: string, readonly message: string, readonly hint: string }} ApiError */

/** @type {string | undefined} */
let token
/** @type {(isKnown: boolean) => void} */
let onChange = () => {}

export const hasToken = () => token !== undefined

/** @param {string | undefined} value undefined: forget it */
export function useToken(value) {
  token = value
  onChange(value !== undefined)
}

/** @param {(isKnown: boolean) => void} listener */
export function whenTokenChanges(listener) {
  onChange = listener
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 */
export function ask(path, init = {}) {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  return fetch(path, { ...init, headers, cache: 'no-store', credentials: 'omit' })
}

/**
 * What an answer that says no says; undefined: it says yes.
 * @param {Response} response
 * @returns {Promise<ApiError | undefined>}
 */
export async function errorOf(response) {
  if (response.ok) return undefined
  const body = await response.json().catch(() => undefined)
  const { code = '', message = `status ${response.status}`, hint = '' } = body?.error ?? {}
  return { code: String(code), message: String(message), hint: String(hint) }
}

/** @param {ApiError} error */
export const isAboutToken = ({ code }) =>
  ['no-token', 'wrong-token', 'too-many-tries'].includes(code)
