/** How long a certificate is good for, and when to speak of it. */
import type { LoadedCertificate } from './certificate.ts'

export const DAY_MS = 86_400_000

/** Issue 5: warnings 30, 14 and 3 days before. The last is "expired". */
const THRESHOLDS = [30, 14, 3, 0] as const

export type ExpiryThreshold = (typeof THRESHOLDS)[number]

/** Whole days, rounded down: 0 on the last day, negative when it is over. */
export const daysLeft = ({ notAfter }: Pick<LoadedCertificate, 'notAfter'>, now: Date): number =>
  Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS)

/**
 * The last threshold that has been passed; undefined: there is time. A certificate that lives for a few days or weeks is
 * renewed late by design, so a threshold counts only where it is at most half of its life.
 */
export function passedThreshold(
  { notBefore, notAfter }: Pick<LoadedCertificate, 'notBefore' | 'notAfter'>,
  now: Date,
): ExpiryThreshold | undefined {
  const halfLifeMs = (notAfter.getTime() - notBefore.getTime()) / 2
  const leftMs = notAfter.getTime() - now.getTime()
  return THRESHOLDS.filter((days) => days * DAY_MS <= halfLifeMs)
    .reverse()
    .find((days) => leftMs <= days * DAY_MS)
}
