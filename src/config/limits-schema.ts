/** How long and how much: timeouts and limits. */
import { z } from 'zod'
import { countField, durationField, sizeField } from './fields.ts'

/** Every wait of the proxy. */
export const timeoutsSchema = z
  .strictObject({
    connect: durationField({ lowest: '100ms', highest: '5m' })
      .prefault('5s')
      .describe('To a server, TLS included.'),
    handshake: durationField({ lowest: '1s', highest: '5m' })
      .prefault('15s')
      .describe('TLS with the client.'),
    requestHead: durationField({ lowest: '1s', highest: '10m' })
      .prefault('30s')
      .describe('From the first byte of a request to the end of its head.'),
    requestBody: durationField({ lowest: '1s', highest: '1h' })
      .prefault('2m')
      .describe('No byte of the body for so long, or fewer than `limits.minRate` asks for.'),
    clientRead: durationField({ lowest: '1s', highest: '1h' })
      .prefault('2m')
      .describe(
        'A client takes nothing of what waits for it for so long, or less than `limits.minRate` asks for.',
      ),
    response: durationField({ lowest: '1s', highest: '24h' })
      .prefault('16m')
      .describe(
        'A server silent before or inside its answer. Microsoft asks for 960 s: mobile clients ' +
          'wait 900 s for news.',
      ),
    keepAlive: durationField({ lowest: '1s', highest: '24h' })
      .prefault('30m')
      .describe('A client connection without a request. Microsoft asks for 1800 s.'),
    tunnel: durationField({ lowest: '1s', highest: '24h' })
      .prefault('30m')
      .describe('A WebSocket, or a stream that has no `idle`, without a byte.'),
    drain: durationField({ lowest: '0s', highest: '24h' })
      .prefault('16m')
      .describe('How long running exchanges may go on after SIGTERM.'),
    unready: durationField({ lowest: '0s', highest: '10m' })
      .prefault('5s')
      .describe('After SIGTERM, from /readyz saying no until the listeners close.'),
  })
  .prefault({})
  .describe('How long the proxy waits.')

/** Every bound on what clients send and hold. */
export const limitsSchema = z
  .strictObject({
    head: sizeField({ lowest: '8KiB', highest: '1MiB' })
      .prefault('64KiB')
      .describe('A request head, request line included; NTLM and Kerberos tokens are long.'),
    body: sizeField({ lowest: '64KiB', highest: '1TiB' })
      .prefault('1GiB')
      .describe('A request body; meeting content is uploaded through it.'),
    connections: countField(1, 1_000_000)
      .default(20_000)
      .describe('Open client connections over all listeners and streams.'),
    connectionsPerClient: countField(1, 1_000_000)
      .default(5_000)
      .describe('Open connections from one address; a whole branch office may sit behind it.'),
    minRate: countField(0, 1_000_000)
      .default(240)
      .describe(
        'Bytes per second that a client must send of a body over `timeouts.requestBody`, and take of what ' +
          'waits for it over `timeouts.clientRead`. IIS asks 240 of those who read. 0: a byte is enough.',
      ),
    fields: countField(32, 2_000).default(200).describe('Header fields of one request.'),
  })
  .prefault({})
  .describe('How much a client may send and hold.')
