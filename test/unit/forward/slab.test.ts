/** A slab that came back too early would show one client the bytes of another. */
import t from 'tap'
import { SLAB_BYTES, Slab } from '../../../src/forward/slab.ts'

/** Whether the next one who asks gets this slab. What was taken in between is thrown away. */
const isSpare = (slab: Slab): boolean => Slab.take() === slab

t.test('what is filled, is read where it was put', async (t) => {
  const slab = Slab.take()
  t.equal(slab.room, SLAB_BYTES)
  slab.addText('Gr\xfc\xdfe')
  t.equal(slab.add(Buffer.from('0123'), 1).toString(), '123')
  slab.rest.write('xyz')
  const piece = slab.read(3)
  t.equal(piece.byteOffset, 8)
  t.equal(slab.bytes.toString('latin1', 0, 11), 'Gr\xfc\xdfe123xyz')
  t.equal(slab.room, SLAB_BYTES - 11)
  t.equal(slab.add(Buffer.alloc(SLAB_BYTES), 0).length, SLAB_BYTES - 11)
  t.equal(slab.room, 0)
})

t.test('it comes back when the last one has let go of it', async (t) => {
  const slab = Slab.take()
  slab.hold()
  slab.hold()
  slab.onWritten()
  t.notOk(isSpare(slab))
  slab.letGo()
  t.notOk(isSpare(slab), 'it is still being filled')
  slab.letGo()
  t.ok(isSpare(slab))
  t.equal(slab.room, SLAB_BYTES, 'empty again')
})

t.test('a write without success keeps it for ever', async (t) => {
  const slab = Slab.take()
  slab.hold()
  slab.letGo()
  slab.onWritten(new Error('the socket was destroyed'))
  t.notOk(isSpare(slab))
})

t.test('the process keeps some only', async (t) => {
  const slabs = Array.from({ length: 1000 }, () => Slab.take())
  for (const slab of slabs) slab.letGo()
  const kept = slabs.map(() => Slab.take()).filter((slab) => slabs.includes(slab))
  t.ok(kept.length > 0 && kept.length <= 64, `${kept.length} are kept`)
})
