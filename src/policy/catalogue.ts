/**
 * The virtual directories of Lync and its neighbours, as data: what exists where, who may see it from outside, and on
 * whose word. docs/virtual-directories.md is generated from this and compared by a test.
 */
import type { Product, PublishKind } from '../config/rules.ts'

/** What becomes of a directory from outside when the rule says nothing about it. */
export type DirectoryAction =
  /** Published. */
  | 'allow'
  /** Internal only: 404 in every mode, however it is spelt. */
  | 'deny'
  /** Exists outside but is needed by few: served in guard, refused in strict unless the rule allows it. */
  | 'optional'

export interface DirectoryEntry {
  /** Lower case, with a leading slash; one segment, except where IIS has an application further down. */
  readonly path: string
  /** How Microsoft writes it. */
  readonly title: string
  readonly purpose: string
  /** Products that have it. */
  readonly products: readonly Product[]
  readonly site: 'external' | 'internal' | 'both'
  readonly authentication: string
  readonly action: DirectoryAction
  /** Kinds of published names on which strict serves it. */
  readonly kinds: readonly PublishKind[]
  /** Where this is known from. */
  readonly source: string
}

const LYNC: readonly Product[] = ['lync-2010', 'lync-2013', 'skype-2015', 'skype-2019', 'skype-se']
const SINCE_2013 = LYNC.slice(1)
const SINCE_2015 = LYNC.slice(2)
const UNTIL_2015 = LYNC.slice(0, 3)
const WEB: readonly PublishKind[] = ['web-services']
const ALL_SIMPLE: readonly PublishKind[] = ['web-services', 'meet', 'dialin']
const NOWHERE: readonly PublishKind[] = []

const GETCS = 'Get-CsService output, Microsoft "address book management" (Lync 2013)'
const SEED = 'msxfaq.de, LyncWeb Services: table of virtual directories'
const VERIFY = 'Microsoft Gg429697, verify access through your reverse proxy'
const IISREQ = 'Microsoft Gg399038, IIS requirements for Front End pools'
const OWN = 'our judgement: no public statement found'

type Row = readonly [
  title: string,
  purpose: string,
  products: readonly Product[],
  site: DirectoryEntry['site'],
  authentication: string,
  action: DirectoryAction,
  kinds: readonly PublishKind[],
  source: string,
]

// biome-ignore format: a table reads best with a row a line
const rows: readonly Row[] = [
  ['/abs', 'Address book files, queries and photos; /abs/Ext/Handler of OCS 2007 R2', LYNC, 'both', 'NTLM or Negotiate, web ticket', 'allow', WEB, VERIFY],
  ['/Admin', 'The Admin simple URL: the way to the Control Panel', LYNC, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, 'Microsoft, Planning for simple URLs: "internal to your organization"'],
  ['/Autodiscover', 'Where the services of a user are', LYNC, 'both', 'none for /root, web ticket or bearer for /root/user', 'allow', ['web-services', 'autodiscover', 'meet'], VERIFY],
  ['/AutoUpdate', 'Client updates; /AutoUpdate/Ext of OCS 2007 R2 too', LYNC, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, IISREQ],
  ['/CertProv', 'Certificates for the sign-in of clients and phones', LYNC, 'both', 'web ticket, PIN', 'allow', WEB, GETCS],
  ['/CollabContent', 'Content of web conferences', LYNC, 'both', 'keys in the URL', 'allow', ['web-services', 'meet'], SEED],
  ['/Conf', 'Resources of Live Meeting; /Conf/Ext of OCS 2007 R2 too', ['lync-2010'], 'internal', 'none', 'deny', NOWHERE, IISREQ],
  ['/cscp', 'Control Panel', LYNC, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, SEED],
  ['/DataCollabWeb', 'PowerPoint uploads; source for Office Web Apps', SINCE_2013, 'both', 'token in the URL', 'allow', ['web-services', 'meet'], 'Microsoft, conferencing configuration (DataCollabWeb)'],
  ['/DeviceUpdateFiles_Ext', 'Firmware store', LYNC, 'external', 'NTLM or Negotiate', 'optional', WEB, 'Microsoft, OCS 2007 R2 external virtual directories'],
  ['/DeviceUpdateFiles_Int', 'Firmware store', LYNC, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, IISREQ],
  ['/Dialin', 'Dial-in numbers; PIN page after sign-in', LYNC, 'both', 'none; NTLM, forms or web ticket for the PIN page', 'allow', ALL_SIMPLE, SEED],
  ['/etc', 'Placeholder of meetings (/etc/place/null)', LYNC, 'internal', 'none', 'deny', NOWHERE, IISREQ],
  ['/Fonts', 'Static files', LYNC, 'both', 'none', 'allow', ALL_SIMPLE, SEED],
  ['/GroupExpansion', 'Members of distribution groups; address book queries; /GroupExpansion/Ext of OCS 2007 R2', LYNC, 'both', 'NTLM or Negotiate, web ticket', 'allow', WEB, VERIFY],
  ['/HybridConfig', 'Hybrid configuration; documented by its internal URL only', SINCE_2013, 'both', 'unknown', 'optional', WEB, 'Microsoft, Set-CsTenantHybridConfiguration -HybridConfigServiceInternalUrl'],
  ['/LMStaticData', 'Static data', LYNC, 'both', 'none', 'allow', ALL_SIMPLE, SEED],
  ['/LocationInformation', 'Location for emergency calls', LYNC, 'internal', 'NTLM or Negotiate, web ticket', 'deny', NOWHERE, SEED],
  ['/lwa', 'Lync Web App', SINCE_2013, 'both', 'anonymous token', 'allow', ['web-services', 'meet'], SEED],
  ['/mcx', 'Mobile clients of Lync 2010; gone in Skype for Business 2019', UNTIL_2015, 'both', 'web ticket', 'allow', WEB, 'Microsoft, monitor mobility performance'],
  ['/meet', 'Join page', LYNC, 'both', 'none', 'allow', ['web-services', 'meet'], VERIFY],
  ['/MeetingContent', 'Uploaded content', LYNC, 'both', 'keys in the URL', 'allow', ['web-services', 'meet'], SEED],
  ['/MeetingFiles', 'Uploaded content', LYNC, 'both', 'keys in the URL', 'allow', ['web-services', 'meet'], SEED],
  ['/MeetingRoomPortal', 'Administration of meeting rooms', SINCE_2015, 'both', 'NTLM or Negotiate', 'deny', NOWHERE, 'Microsoft, Set-CsWebServer -MeetingRoomAdminPortalExternalListeningPort'],
  ['/OcsPowerShell', 'Remote management shell', LYNC, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, SEED],
  ['/OnlineAuth', 'Sign-in helper for Live ID and OAuth', SINCE_2013, 'both', 'none', 'allow', ALL_SIMPLE, 'topology files, component OnlineAuth'],
  ['/PassiveAuth', 'Sign-in by WS-Federation', SINCE_2013, 'both', 'WS-Federation', 'optional', ALL_SIMPLE, SEED],
  ['/PersistentChat', 'Persistent Chat; gone in Skype for Business 2019', ['lync-2013', 'skype-2015'], 'both', 'NTLM or Negotiate, WS-Federation', 'optional', WEB, SEED],
  ['/PhoneConferencing', 'Data of phone conferences; /PhoneConferencing/Ext of OCS 2007 R2 too', LYNC, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, IISREQ],
  ['/Reach', 'Lync Web App 2010 and its broker', LYNC, 'both', 'web ticket', 'allow', ['web-services', 'meet'], GETCS],
  ['/RequestHandler', 'Device updates inside', LYNC, 'internal', 'none for files', 'deny', NOWHERE, GETCS],
  ['/RequestHandlerExt', 'Device updates and log upload', LYNC, 'external', 'NTLM or Negotiate', 'optional', WEB, GETCS],
  ['/RgsClients', 'Agents of response groups', LYNC, 'both', 'NTLM or Negotiate', 'allow', WEB, GETCS],
  ['/RgsConfig', 'Configuration of response groups', LYNC, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, SEED],
  ['/Scheduler', 'Web Scheduler', LYNC, 'both', 'none for the start page; NTLM, WS-Federation or web ticket', 'optional', ['web-services', 'meet'], SEED],
  ['/StoreWeb', 'Store page of apps', SINCE_2013, 'both', 'none', 'optional', WEB, 'topology files, component StoreWeb'],
  ['/SupportConferenceConsole', 'Support console', SINCE_2013, 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, 'Microsoft, Set-CsWebServer: "Office 365 Support Conference Console"'],
  ['/ucwa', 'Mobile clients since 2013, Lync Web App, SDK', SINCE_2013, 'both', 'bearer, web ticket', 'allow', ['web-services', 'meet'], 'Microsoft, UCWA RootURL'],
  ['/WebTicket', 'Tickets and tokens', LYNC, 'both', 'NTLM or Negotiate, password, certificate, anonymous', 'allow', ALL_SIMPLE, '[MS-OCAUTHWS]'],
  ['/hosting', 'Discovery of Office Web Apps', ['office-web-apps'], 'external', 'none', 'allow', ['office-web-apps'], 'Microsoft JJ204665'],
  ['/m', 'Viewer for meetings', ['office-web-apps'], 'external', 'access token', 'allow', ['office-web-apps'], 'betablog.codesalot.com, PowerPoint presentations not working externally'],
  ['/p', 'PowerPoint', ['office-web-apps'], 'external', 'access token', 'allow', ['office-web-apps'], OWN],
  ['/op/generate.aspx', 'Makes links to any document: a way to read from inside', ['office-web-apps'], 'internal', 'none', 'deny', NOWHERE, OWN],
  ['/op', 'Viewer of documents by URL', ['office-web-apps'], 'external', 'none', 'optional', ['office-web-apps'], OWN],
  ['/x', 'Excel', ['office-web-apps'], 'external', 'access token', 'allow', ['office-web-apps'], OWN],
  ['/wv', 'Word viewer', ['office-web-apps'], 'external', 'access token', 'allow', ['office-web-apps'], OWN],
  ['/we', 'Word editor', ['office-web-apps'], 'external', 'access token', 'allow', ['office-web-apps'], OWN],
  ['/o', 'OneNote', ['office-web-apps'], 'external', 'access token', 'allow', ['office-web-apps'], OWN],
  ['/EWS', 'Exchange Web Services: calendar, contacts, voice mail', ['exchange'], 'external', 'NTLM or Negotiate, OAuth', 'allow', ['exchange'], 'Microsoft JJ205381'],
  ['/Autodiscover', 'Where the mailbox is', ['exchange'], 'external', 'NTLM or Negotiate, Basic', 'allow', ['exchange'], 'Microsoft JJ205381'],
  ['/MAPI', 'Outlook', ['exchange'], 'external', 'NTLM or Negotiate', 'allow', ['exchange'], OWN],
  ['/RPC', 'Outlook Anywhere', ['exchange'], 'external', 'NTLM or Negotiate, Basic', 'allow', ['exchange'], OWN],
  ['/OAB', 'Offline address book', ['exchange'], 'external', 'NTLM or Negotiate', 'allow', ['exchange'], OWN],
  ['/OWA', 'Outlook on the web', ['exchange'], 'external', 'forms', 'allow', ['exchange'], OWN],
  ['/Microsoft-Server-ActiveSync', 'Phones', ['exchange'], 'external', 'Basic, certificate', 'allow', ['exchange'], OWN],
  ['/ECP', 'Settings of users and of the organization', ['exchange'], 'external', 'forms', 'optional', ['exchange'], OWN],
  ['/PowerShell', 'Remote management shell', ['exchange'], 'internal', 'Kerberos', 'deny', NOWHERE, OWN],
  ['/forms', 'Sign-in page', ['communicator-web-access'], 'external', 'forms', 'allow', ['communicator-web-access'], 'Microsoft bb663581'],
  ['/iwa', 'Integrated sign-in, for clients inside', ['communicator-web-access'], 'internal', 'NTLM or Negotiate', 'deny', NOWHERE, 'Microsoft bb663581'],
  ['/cwa', 'The application', ['communicator-web-access'], 'external', 'forms', 'allow', ['communicator-web-access'], OWN],
]

/** Every known directory. */
export const catalogue: readonly DirectoryEntry[] = rows.map(
  ([title, purpose, products, site, authentication, action, kinds, source]) => ({
    path: title.toLowerCase(),
    title,
    purpose,
    products,
    site,
    authentication,
    action,
    kinds,
    source,
  }),
)

/** Words that mean something else on a server that is not Lync, and that a user may be called by. */
const AMBIGUOUS = new Set(['/admin', '/autoupdate', '/conf', '/etc'])

/** True for an internal directory whose name alone does not say that it is meant. */
export const isWordOfManyUses = ({ path }: DirectoryEntry): boolean => AMBIGUOUS.has(path)

/**
 * What stays inside for a product. The internal directories of every Lync version count for each of them: what is
 * internal in one is nothing to publish from another. A server of which nothing is known (`other`) may be a Lync
 * server all the same, so the names that only Lync has stay inside there too.
 */
export function internalDirectories(product: Product): readonly DirectoryEntry[] {
  const internal = catalogue.filter(({ action }) => action === 'deny')
  if (LYNC.includes(product)) return internal.filter(isOfLync)
  if (product === 'other')
    return internal.filter((entry) => isOfLync(entry) && !isWordOfManyUses(entry))
  return internal.filter(({ products }) => products.includes(product))
}

const isOfLync = ({ products }: DirectoryEntry): boolean =>
  products.some((each) => LYNC.includes(each))
