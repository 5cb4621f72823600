/** Reads a body in chunks, leniently, without extensions and trailers. */
export function dechunk(body: string): string {
  let text = ''
  for (let at = 0; ; ) {
    const start = body.indexOf('\r\n', at) + 2
    const size = Number.parseInt(body.slice(at, start), 16)
    if (!(size > 0)) return text
    text += body.slice(start, start + size)
    at = start + size + 2
  }
}
