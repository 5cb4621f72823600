/** The answers that Node's server makes: to requests with a body and unusual ones. Where Node would change bytes, it must not. */
import { type IncomingMessage, ServerResponse } from 'node:http'

const NOTHING = Buffer.alloc(0)

/** For `ServerOptions.ServerResponse`. */
export class StreamedAnswer<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  constructor(...args: ConstructorParameters<typeof ServerResponse<R>>) {
    super(...args)
    // Node adds Date, Connection and Keep-Alive by itself; what an answer has of them is decided elsewhere.
    this.sendDate = false
    this.removeHeader('connection')
  }

  /**
   * Node reads Content-Disposition as UTF-8 when it knows a length, and writes it as latin1: names of files change, or are
   * refused as malformed. It has no other use for the length of an answer whose head we write. No public name; the test
   * is test/integration/fields-of-answers-keep-their-bytes.test.ts.
   */
  get _contentLength(): null {
    return null
  }

  set _contentLength(_: unknown) {}

  /** Node's own writes the head as UTF-8, unless there is something behind it. */
  override flushHeaders(): void {
    const { statusCode } = this
    if (this.req.method === 'HEAD' || statusCode === 204 || statusCode === 304) super.flushHeaders()
    else this.write(NOTHING)
  }
}
