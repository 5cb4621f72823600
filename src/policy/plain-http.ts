/** What port 80 is for besides autodiscover: the paths that desk phones need before they can speak TLS. */
import type { CanonicalPath } from './canonical-path.ts'
import { PathIndex } from './path-index.ts'

/**
 * What Lync Phone Edition asks over plain HTTP before it has a certificate: the root chain and its firmware
 * (msxfaq.de, LyncWeb Services, IIS log; Get-CsService for the external path).
 */
export const phonePaths: readonly string[] = [
  '/certprov/certprovisioningservice.svc/anon',
  '/requesthandlerext',
  '/requesthandler/files/ucphone',
]

const index = new PathIndex(phonePaths.map((path) => [path, true] as const))

/** True when every reading of the path is one of a phone's. */
export function isPhonePath(path: CanonicalPath): boolean {
  return path.ok && path.readings.every((reading) => index.under(reading) === true)
}
