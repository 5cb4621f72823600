import t from 'tap'
import { parseServerAndPort } from '../../../src/config/server-and-port.ts'
import { fc } from '../../support/property.ts'

t.test('names and addresses', async (t) => {
  const read = (text: string) => {
    const result = parseServerAndPort(text)
    return result.ok ? [result.value.address, result.value.port] : result.error.message
  }
  t.same(read('Edge.Contoso.local:5061'), ['edge.contoso.local', 5061])
  t.same(read('192.0.2.1:443'), ['192.0.2.1', 443])
  t.same(read('[2001:DB8:0::1]:5061'), ['2001:db8::1', 5061])
  t.same(read('edge.contoso.local'), 'has no port')
  t.same(read('[192.0.2.1]:5061'), 'is not a server with a port')
  t.same(read('[edge]:5061'), 'is not a server with a port')
  t.same(read('edge:0'), 'has a port that does not exist')
})

t.test('any text gives an answer', async (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.nat(70_000), (text, port) => {
      for (const each of [text, `${text}:${port}`, `[${text}]:${port}`]) {
        const result = parseServerAndPort(each)
        if (result.ok && (result.value.port < 1 || result.value.port > 65_535)) return false
      }
      return true
    }),
  )
  t.pass('none threw')
})
