/** The question that a responder is asked (RFC 6960 4.1.1), in the light form of RFC 5019: one certificate, no nonce. */
import { tags, writeDer } from '../der.ts'
import { certIdOf, SHA1 } from './cert-id.ts'
import type { StapleSubject } from './staple-subject.ts'

const SHA1_ALGORITHM = Buffer.from('300906052b0e03021a0500', 'hex')

/** DER. SHA-1 only shortens names here, and is what every responder knows (RFC 5019 2.1.1). */
export function ocspRequest(subject: StapleSubject): Buffer {
  const id = certIdOf(subject, SHA1)
  if (!id) throw new Error('SHA-1 is known')
  const certId = writeDer(
    tags.sequence,
    SHA1_ALGORITHM,
    writeDer(tags.octets, id.nameHash),
    writeDer(tags.octets, id.keyHash),
    writeDer(tags.integer, id.serial),
  )
  const list = writeDer(tags.sequence, writeDer(tags.sequence, certId))
  return writeDer(tags.sequence, writeDer(tags.sequence, list))
}
