/** Every row, in the order of the page. */
import { down10m, down64k, up10m, up64k } from './bodies.ts'
import { freshFull, freshFullOwn, freshResumed, freshResumedOwn, ntlm } from './connections.ts'
import { halfLoad } from './half-load.ts'
import { polls } from './polls.ts'
import type { Row } from './row.ts'
import { smallPlain, smallTls } from './small.ts'
import { manyHosts, reload } from './variants.ts'
import { workers } from './workers.ts'

export const allRows: readonly Row[] = [
  smallPlain,
  smallTls,
  down64k,
  down10m,
  up64k,
  up10m,
  freshFull,
  freshResumed,
  freshFullOwn,
  freshResumedOwn,
  ntlm,
  polls,
  manyHosts,
  halfLoad,
  reload,
  workers,
]
