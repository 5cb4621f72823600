import t from 'tap'
import { reasonOf } from '../../../src/health/check-result.ts'

t.test('reasons are words, with the code where it says more', async (t) => {
  const cases: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    EHOSTUNREACH: 'host unreachable',
    ENOTFOUND: 'name not found in DNS',
    CERT_HAS_EXPIRED: 'certificate not accepted (CERT_HAS_EXPIRED)',
    ERR_TLS_CERT_ALTNAME_INVALID: 'certificate not accepted (ERR_TLS_CERT_ALTNAME_INVALID)',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate not accepted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ERR_SSL_WRONG_VERSION_NUMBER: 'TLS failed (ERR_SSL_WRONG_VERSION_NUMBER)',
    HPE_INVALID_CONSTANT: 'the answer is not HTTP (HPE_INVALID_CONSTANT)',
    EMFILE: 'EMFILE',
  }
  for (const [code, reason] of Object.entries(cases))
    t.equal(reasonOf(Object.assign(new Error('x'), { code })), reason)
  t.equal(reasonOf(new Error('socket hang up')), 'socket hang up')
})
