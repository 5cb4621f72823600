/** Whom a kind of name serves, for the findings about it. */
import type { PublishKind } from '../../config/rules.ts'
import type { System } from '../finding.ts'

export const clientsOf: Readonly<Record<PublishKind, readonly System[]>> = {
  'web-services': ['desktop clients', 'mobile clients', 'browsers'],
  meet: ['browsers'],
  dialin: ['browsers'],
  autodiscover: ['mobile clients', 'desktop clients'],
  'office-web-apps': ['desktop clients', 'browsers'],
  exchange: ['desktop clients', 'Outlook'],
  'communicator-web-access': ['Communicator Web Access'],
  anything: ['browsers'],
}
