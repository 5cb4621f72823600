/** The web site that every lab server runs. */

import { echo } from './echo.ts'
import { answer, type LabExchange } from './exchange.ts'

/** What a server does with requests and with WebSocket upgrades. */
export interface Site {
  handle(exchange: LabExchange): void | Promise<void>
  websocket(exchange: LabExchange, head: Buffer): void
}

/** Builds the site. */
export function createSite(): Site {
  return {
    handle: (exchange) =>
      exchange.target.path === '/lab/echo' ? echo(exchange) : answer(exchange, { status: 404 }),
    websocket: (exchange) => exchange.connection.socket.destroy(),
  }
}
