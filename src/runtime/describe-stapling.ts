/** What `lyncgate check` says of OCSP stapling. */
import { subjectOf } from '../certificates/ocsp/staple-subject.ts'
import type { Material } from './material.ts'

/** Sentences: what is off could be on, and what is on leads somewhere or nowhere. */
export function describeStapling({ rules, certificates }: Material): readonly string[] {
  const subjects = certificates.map(subjectOf)
  const hosts = new Set(
    subjects.flatMap((each) => (typeof each === 'string' ? [] : [each.url.host])),
  )
  if (rules.ocspStapling === 'on') {
    return hosts.size === 0
      ? ['ocspStapling is on, but there is no certificate whose status can be asked for']
      : [`OCSP responses are fetched from ${[...hosts].join(', ')}`]
  }
  return hosts.size === 0
    ? []
    : [`"ocspStapling: on" would staple OCSP responses of ${[...hosts].join(', ')}`]
}
