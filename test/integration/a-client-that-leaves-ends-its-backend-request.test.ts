/** Promise 4: a server never works for a client that has gone, however it went and whatever was going on. */
import t from 'tap'
import type { LabRecord } from '../../src/lab/records.ts'
import { HOST, startLabProxy } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const goodbyes: Readonly<Record<string, (client: RawClient) => void>> = {
  FIN: (client) => void client.socket.end(),
  RST: (client) => client.reset(),
}

const moments: Readonly<Record<string, string>> = {
  'while it waits': 'GET /lab/slow?ms=900000',
  'in mid-answer': 'GET /lab/slow?ms=900000&body=1',
  'in mid-upload': 'POST /lab/echo',
}

for (const over of ['http', 'https'] as const) {
  t.test(`over ${over}`, async (t) => {
    const { lab, httpPort, httpsPort, ca, line } = await startLabProxy(t)
    const open = (): Promise<RawClient> =>
      openRawClient(
        t,
        over === 'http'
          ? { port: httpPort }
          : { port: httpsPort, tls: { serverName: 'lyncweb.contoso.com', ca } },
      )
    for (const [moment, request] of Object.entries(moments)) {
      for (const [how, leave] of Object.entries(goodbyes)) {
        t.test(`${how} ${moment}`, async (t) => {
          const mark = `${how}${moment.length}`
          const target = request.includes('?') ? `${request}&${mark}` : `${request}?${mark}`
          const isIt = (record: LabRecord): boolean => record.target.includes(mark)
          const client = await open()
          const length = request.startsWith('POST') ? 'Content-Length: 1000000\r\n' : ''
          client.send(`${target} HTTP/1.1\r\n${HOST}\r\n${length}\r\n`)
          if (length) client.send('the beginning')
          await Promise.race(lab.pool.map((server) => server.waitFor(isIt)))
          if (moment === 'in mid-answer') await client.until((got) => got.includes('first half'))
          leave(client)
          const left = (record: LabRecord): boolean =>
            isIt(record) && record.outcome === 'client-left'
          await Promise.race(lab.pool.map((server) => server.waitFor(left)))
          t.match(await line(({ target: logged }) => logged?.includes(mark) === true), {
            outcome: 'client-left',
          })
        })
      }
    }
  })
}

for (const [how, leave] of Object.entries(goodbyes)) {
  t.test(`${how} while the server is being connected`, async (t) => {
    const silent = await startRecordingBackend(t)
    const { httpsPort, ca, line } = await startTestProxy(t, { servers: [silent] })
    const client = await openRawClient(t, {
      port: httpsPort,
      tls: { serverName: 'lyncweb.contoso.com', ca },
    })
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
    const connection = await silent.connection(0)
    await connection.until((hello) => hello.length > 0)
    leave(client)
    await t.rejects(
      connection.until(() => false),
      'the handshake is given up',
    )
    t.match(await line((logged) => logged.msg === 'exchange'), { outcome: 'client-left' })
  })

  t.test(`${how} of a client whose server is idle closes that connection too`, async (t) => {
    const backend = await startRecordingBackend(t, (socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    )
    const { httpPort } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
    await client.until((got) => got.endsWith('\r\n\r\n'))
    leave(client)
    await t.rejects((await backend.connection(0)).until(() => false))
  })
}
