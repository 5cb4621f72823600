/** Reads a body in chunks, leniently, without extensions and trailers. */
export function dechunk(body: string): string {
  const size = Number.parseInt(body, 16)
  const start = body.indexOf('\r\n') + 2
  return size > 0 ? body.slice(start, start + size) + dechunk(body.slice(start + size + 2)) : ''
}
