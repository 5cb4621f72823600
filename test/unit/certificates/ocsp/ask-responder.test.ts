/** A responder that is slow, huge, elsewhere or no responder at all is a reason for the log and nothing more. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import t, { type Test } from 'tap'
import { askResponder } from '../../../../src/certificates/ocsp/ask-responder.ts'

const REQUEST = Buffer.from('a request')

interface Heard {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly body: string
}

/** A web server on a free port, and what it was asked. */
async function start(t: Test, answer: (res: ServerResponse, req: IncomingMessage) => void) {
  const heard: Heard[] = []
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (bytes: Buffer) => {
      body += bytes.toString()
    })
    req.on('end', () => {
      heard.push({ method: req.method, url: req.url, body })
      answer(res, req)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return { heard, url: `http://127.0.0.1:${port}` }
}

const ask = (
  url: string,
  request = REQUEST,
  timeoutMs = 10_000,
  signal = new AbortController().signal,
) => askResponder({ url: new URL(url), request, timeoutMs, signal })

t.test('short questions stand in the address, long ones in the body', async (t) => {
  const { heard, url } = await start(t, (res) => res.end('an answer'))
  const long = Buffer.alloc(250, 0xff)
  t.same(await ask(url), { ok: true, value: Buffer.from('an answer') })
  for (const path of ['/a', '/a/', '//elsewhere.example/']) await ask(`${url}${path}`)
  await ask(`${url}/a?b`)
  await ask(url, Buffer.from([0xfb, 0xff]))
  await ask(url, long)
  const text = encodeURIComponent(REQUEST.toString('base64'))
  t.same(
    heard.map(({ method, url }) => `${method} ${url}`),
    [
      `GET /${text}`,
      `GET /a/${text}`,
      `GET /a/${text}`,
      `GET //elsewhere.example/${text}`,
      'POST /a?b',
      'GET /%2B%2F8%3D',
      'POST /',
    ],
  )
  t.equal(heard[4]?.body, REQUEST.toString())
})

t.test('other answers than 200 are none, and no redirect is followed', async (t) => {
  const { heard, url } = await start(t, (res, { url }) => {
    if (url?.startsWith('/moved')) res.writeHead(302, { Location: '/other' }).end()
    else res.writeHead(404).end('x'.repeat(100_000))
  })
  t.same(await ask(`${url}/moved`), { ok: false, error: 'status 302' })
  t.same(await ask(`${url}/lost`), { ok: false, error: 'status 404' })
  t.equal(heard.length, 2)
})

t.test('an answer without end is cut at 64 KiB', async (t) => {
  const closed = new Promise<void>((resolve) => {
    void start(t, (res) => {
      const write = (): void => {
        while (!res.destroyed && res.write('x'.repeat(10_000)));
      }
      res.on('drain', write)
      res.on('close', resolve)
      write()
    }).then(async ({ url }) => {
      t.same(await ask(url), { ok: false, error: 'an answer of more than 64 KiB' })
    })
  })
  await closed
})

t.test('silence before the answer and in the middle of it', async (t) => {
  const { url } = await start(t, (res, { url }) => {
    if (url?.startsWith('/half')) res.write('half')
  })
  t.same(await ask(`${url}/none`, REQUEST, 50), { ok: false, error: 'no answer in time' })
  t.same(await ask(`${url}/half`, REQUEST, 50), { ok: false, error: 'no answer in time' })
})

t.test('the end of the proxy ends the question', async (t) => {
  const { url } = await start(t, () => stop.abort())
  const stop = new AbortController()
  t.match(await ask(url, REQUEST, 10_000, stop.signal), { ok: false })
})

t.test('nobody there, a connection that breaks off, and no HTTP at all', async (t) => {
  t.same(await ask('http://127.0.0.1:9/'), { ok: false, error: 'ECONNREFUSED' })
  const { url } = await start(t, (res) => {
    res.writeHead(200, { 'Content-Length': 100 }).write('x')
    res.destroy()
  })
  t.match(await ask(url), { ok: false, error: /aborted|ECONNRESET/ })
  const babble = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.end('SSH-2.0-x\r\n')
  })
  await new Promise<void>((resolve) => babble.listen(0, '127.0.0.1', resolve))
  t.teardown(() => babble.close())
  const { port } = babble.address() as { port: number }
  t.match(await ask(`http://127.0.0.1:${port}/`), { ok: false, error: /HPE_/ })
})
