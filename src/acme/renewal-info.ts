/** When an authority would like to see a certificate renewed (RFC 9773). */
import { failed, ok, type Result } from '../base/result.ts'
import { AcmeTrouble, detailsOf, type TroubleDetails } from './acme-trouble.ts'
import { asMap } from './as-map.ts'
import { momentIn, type Validity } from './schedule.ts'
import { badAnswer, type Session } from './session.ts'

export interface RenewalInfo {
  /**
   * The moment to renew at: the one that was chosen before, as long as it is in the window.
   * @param chance from 0 to 1
   */
  renewAt(chosen: number | undefined, chance: number): number
  readonly retryAfterMs: number | undefined
}

/** Never rejects. */
export async function readRenewalInfo(
  certificate: Validity & { readonly pem: string },
  open: () => Promise<Session>,
): Promise<Result<RenewalInfo, TroubleDetails>> {
  try {
    const session = await open()
    const base = session.find('renewalInfo')
    const { renewalIdOf } = await import('./certificate-request.ts')
    const id = renewalIdOf(certificate.pem)
    if (base === undefined || id === undefined)
      throw new AcmeTrouble({ type: 'noRenewalInfo', detail: 'the authority does not offer it' })
    const { body, retryAfterMs } = await session.get(`${base}/${id}`)
    const window = asMap(body['suggestedWindow'])
    const start = Date.parse(String(window['start']))
    const end = Date.parse(String(window['end']))
    // A window that ends after the certificate would let it expire; one without length is none (RFC 9773 4.2).
    if (!(start < end) || end > certificate.notAfter) throw badAnswer('its window is unusable')
    return ok({
      retryAfterMs,
      renewAt: (chosen, chance) =>
        chosen !== undefined && chosen >= start && chosen <= end
          ? chosen
          : momentIn(start, end, chance),
    })
  } catch (error) {
    return failed(detailsOf(error))
  }
}
