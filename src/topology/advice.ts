/** What the administrator should look at: mistakes of the topology that hinder publishing, and what had to be assumed. */

/** Every code, and what it stands for; docs/init.md has the same table. */
export const adviceCodes = {
  'no-external-name':
    'A pool has no external web services FQDN, so clients outside are sent nowhere.',
  'external-equals-internal': 'The external web services FQDN is the internal name of the pool.',
  'internal-name-published':
    'A published name exists inside only; no public authority certifies it.',
  'external-port-is-internal':
    'The servers have the external web site on the port of the internal one.',
  'name-taken': 'Two pools or URLs want one name; the first one has it.',
  'bad-name': 'A name of the source cannot be a host name and was left out.',
  'simple-urls-assumed': 'The source has no simple URLs; the customary names were written.',
  'sip-domains-assumed': 'The source has no SIP domains; they were read off the names.',
  'servers-assumed':
    'The source does not name the servers of a pool; the name of the pool was written.',
  'product-assumed': 'The version does not tell the product for sure.',
  'meet-missing': 'A SIP domain has no meeting URL.',
  'odd-simple-url': "A simple URL breaks Microsoft's rules for them.",
  'admin-stays-inside': 'The Admin simple URL is not published.',
  'pool-chosen': 'Several pools could answer meetings, dial-in and autodiscover; one was chosen.',
  'site-without-pool': 'A site has simple URLs of its own but no pool with web services.',
  'office-web-apps': 'Something about the Office Web Apps Server has to be found out.',
  'published-port': 'Clients are told ports other than 80 and 443.',
  'old-servers': 'Lync 2010 needs something of its own.',
  'incomplete-export': 'An export does not hold everything.',
} as const

export type AdviceCode = keyof typeof adviceCodes

export interface Advice {
  readonly code: AdviceCode
  readonly message: string
  /** What to do. */
  readonly hint: string
}

export const advise = (code: AdviceCode, message: string, hint: string): Advice => ({
  code,
  message,
  hint,
})
