/** WebSocket upgrades as a client writes them, and as a server accepts them. */
import { createHash } from 'node:crypto'
import { HOST } from './lab-proxy.ts'

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The request head of a well-formed upgrade. */
export const upgradeRequest = (target = '/', ...fields: readonly string[]): string =>
  [
    `GET ${target} HTTP/1.1`,
    HOST,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...fields,
    '',
    '',
  ].join('\r\n')

const accept = createHash('sha1')
  .update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  .digest('base64')

/** The 101 that belongs to `upgradeRequest`. */
export const switching = (...fields: readonly string[]): string =>
  [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...fields,
    '',
    '',
  ].join('\r\n')
