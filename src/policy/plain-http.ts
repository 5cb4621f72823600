/** What port 80 is for besides autodiscover: the paths that desk phones need before they can speak TLS. */
import { canonicalPath } from './canonical-path.ts'
import { isUnder } from './path-policy.ts'

/**
 * What Lync Phone Edition asks over plain HTTP before it has a certificate: the root chain and its firmware
 * (msxfaq.de, LyncWeb Services, IIS log; Get-CsService for the external path).
 */
export const phonePaths: readonly string[] = [
  '/certprov/certprovisioningservice.svc/anon',
  '/requesthandlerext',
  '/requesthandler/files/ucphone',
]

/** True when every reading of the target is one of a phone's. */
export function isPhonePath(target: string): boolean {
  const path = canonicalPath(target)
  return (
    path.ok &&
    path.readings.every((reading) => phonePaths.some((prefix) => isUnder(reading, prefix)))
  )
}
