/** Speaks up in the log when a certificate comes near its end while the proxy runs. */
import type { Logger } from '../observe/logger.ts'
import type { LoadedCertificate } from './certificate.ts'
import { daysLeft, type ExpiryThreshold, passedThreshold } from './expiry.ts'

export interface ExpiryWatch {
  /** These are served from now on. */
  watch(certificates: readonly LoadedCertificate[]): void
  stop(): void
}

export interface ExpiryScope {
  readonly logger: Logger
  readonly now: () => Date
  /** Default: an hour. A day would let a computer that sleeps miss one. */
  readonly intervalMs?: number
}

const HOUR_MS = 3_600_000

/** One line per certificate and threshold (30, 14 and 3 days, and the end), at once or as soon as it is passed. */
export function watchExpiry({ logger, now, intervalMs = HOUR_MS }: ExpiryScope): ExpiryWatch {
  let watched: readonly LoadedCertificate[] = []
  let said = new Map<string, ExpiryThreshold>()
  const look = (): void => {
    const today = now()
    for (const certificate of watched) {
      const threshold = passedThreshold(certificate, today)
      const key = keyOf(certificate)
      if (threshold === undefined || said.get(key) === threshold) continue
      said.set(key, threshold)
      const { names, issuer, notAfter } = certificate
      const facts = { names, issuer, notAfter, daysLeft: daysLeft(certificate, today) }
      if (threshold === 0) logger.error({ ...facts }, 'certificate has expired')
      else logger.warn({ ...facts }, 'certificate expires soon')
    }
  }
  const timer = setInterval(look, intervalMs)
  timer.unref()
  return {
    watch: (certificates) => {
      watched = certificates
      const keys = new Set(certificates.map(keyOf))
      said = new Map([...said].filter(([key]) => keys.has(key)))
      look()
    },
    stop: () => clearInterval(timer),
  }
}

const keyOf = ({ issuer, serialNumber }: LoadedCertificate): string => `${issuer}\n${serialNumber}`
