/** Reads server-sent events out of text that comes in pieces (WHATWG HTML, 9.2.6). EventSource cannot send a token. */

/**
 * @param {(name: string, data: string) => void} onEvent
 * @returns {(piece: string) => void} takes the next piece
 */
export function createEventParser(onEvent) {
  let rest = ''
  let name = ''
  /** @type {string[]} */
  let data = []
  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) onEvent(name || 'message', data.join('\n'))
        name = ''
        data = []
        continue
      }
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? []
      if (field === 'event') name = value
      else if (field === 'data') data.push(value)
    }
  }
}
