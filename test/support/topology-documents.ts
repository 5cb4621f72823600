/** One deployment, written in every format that `lyncgate init` reads. */
import { gzipSync } from 'node:zlib'

export interface Deployment {
  readonly sipDomains: readonly string[]
  readonly pools: readonly DeployedPool[]
  readonly simpleUrls: readonly DeployedUrl[]
}

export interface DeployedPool {
  readonly fqdn: string
  readonly site: string
  readonly version: number
  readonly servers: readonly string[]
  readonly isDirector: boolean
  readonly externalHost: string
  readonly ports: { readonly http: number; readonly https: number }
  readonly published: { readonly http: number; readonly https: number }
}

export interface DeployedUrl {
  readonly component: 'Meet' | 'Dialin' | 'Cscp'
  readonly domain: string
  readonly urls: readonly [string, ...string[]]
}

const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

/** The file of Topology Builder. */
export function writeBuilder({ sipDomains, pools, simpleUrls }: Deployment): string {
  const sites = [...new Set(pools.map(({ site }) => site))]
  const cluster = ({ fqdn, servers }: DeployedPool): string =>
    `<Cluster UniqueId="id-${fqdn}" Fqdn="${fqdn}"><Machines>${servers
      .map((server) => `<Machine Fqdn="${server}"/>`)
      .join('')}</Machines></Cluster>`
  const port = (side: string, protocol: string, number: number, configured = number): string =>
    `<Port Owner="urn:component:OCSWebSite" InterfaceSide="${side}" Protocol="${protocol}" Port="${number}" ConfiguredPort="${configured}"/>`
  const services = pools.map(
    (
      pool,
    ) => `<Service RoleName="Registrar" InstalledOn="id-${pool.fqdn}" ServiceVersion="${pool.version}">
      <RegistrarService IsDirector="${pool.isDirector}"/></Service>
      <Service RoleName="WebServices" InstalledOn="id-${pool.fqdn}" ServiceVersion="${pool.version}"><Ports>
      ${port('External', 'Http', pool.ports.http, pool.published.http)}
      ${port('External', 'Https', pool.ports.https, pool.published.https)}
      ${port('Primary', 'Https', 443)}</Ports>
      <WebService><ExternalSettings Host="${pool.externalHost}"/></WebService></Service>`,
  )
  const urls = simpleUrls.map(
    ({ component, domain, urls: [active, ...others] }) =>
      `<SimpleUrl Component="${component}" Domain="${domain}" ActiveUrl="${active}">${[
        active,
        ...others,
      ]
        .map((url) => `<SimpleUrlEntry Url="${url}"/>`)
        .join('')}</SimpleUrl>`,
  )
  return `<?xml version="1.0" encoding="utf-8"?>
    <TopologyBuilder xmlns="urn:schema:Microsoft.Rtc.Management.Deploy.TopologyBuilder.2008"><NewTopology><PartialTopology>
    <InternalDomains DefaultDomain="${sipDomains[0]}">${sipDomains
      .map((name) => `<InternalDomain Name="${name}"/>`)
      .join('')}</InternalDomains>
    <SimpleUrlConfiguration>${urls.join('')}</SimpleUrlConfiguration>
    <CentralSites>${sites
      .map(
        (site, index) =>
          `<CentralSite SiteId="${index}"><Name>${escapeXml(site)}</Name><Clusters>${pools
            .filter((pool) => pool.site === site)
            .map(cluster)
            .join('')}</Clusters></CentralSite>`,
      )
      .join('')}</CentralSites>
    <Services>${services.join('')}</Services></PartialTopology></NewTopology></TopologyBuilder>`
}

type Property = readonly [name: string, value: string | readonly string[]]
type Printed = readonly Property[]

/** What the cmdlets return, as properties. */
function objectsOf({ sipDomains, pools, simpleUrls }: Deployment) {
  const web = pools.map(
    (pool): Printed => [
      ['Identity', `WebServer:${pool.fqdn}`],
      ['PrimaryHttpsPort', '443'],
      ['ExternalHttpPort', String(pool.ports.http)],
      ['ExternalHttpsPort', String(pool.ports.https)],
      ['PublishedExternalHttpPort', String(pool.published.http)],
      ['PublishedExternalHttpsPort', String(pool.published.https)],
      ['ExternalFqdn', pool.externalHost],
      ['SiteId', `Site:${pool.site}`],
      ['PoolFqdn', pool.fqdn],
      ['Version', String(pool.version)],
      ['Role', 'WebServer'],
    ],
  )
  const members = pools.map(
    (pool): Printed => [
      ['Identity', pool.fqdn],
      [
        'Services',
        [`WebServer:${pool.fqdn}`, `${pool.isDirector ? 'Director' : 'Registrar'}:${pool.fqdn}`],
      ],
      ['Computers', pool.servers],
      ['Fqdn', pool.fqdn],
      ['Site', `Site:${pool.site}`],
    ],
  )
  const domains = sipDomains.map(
    (name, index): Printed => [
      ['Identity', name],
      ['Name', name],
      ['IsDefault', index === 0 ? 'True' : 'False'],
    ],
  )
  const urls = simpleUrls.map(
    ({ component, domain, urls: all }): Printed => [
      ['SimpleUrlEntry', all.map((url) => `Url=${url}`)],
      ['Component', component],
      ['Domain', domain],
      ['ActiveUrl', all[0]],
    ],
  )
  return [web, members, domains, urls] as const
}

/** Format-List -Force with $FormatEnumerationLimit = -1, as wide as a console: long values go on below. */
export function writeLists(deployment: Deployment, width = 80): string {
  const print = (object: Printed): string => {
    const widest = Math.max(...object.map(([name]) => name.length))
    return object
      .map(([name, value]) => {
        const text = typeof value === 'string' ? value : `{${value.join(', ')}}`
        const room = Math.max(10, width - widest - 3)
        const lines = text.match(new RegExp(`.{1,${room}}`, 'g')) ?? ['']
        return `${name.padEnd(widest)} : ${lines.map((line) => line.trimStart()).join(`\n${' '.repeat(widest + 3)}`)}`
      })
      .join('\n')
  }
  return `\n${objectsOf(deployment).flat().map(print).join('\n\n')}\n\n\n`
}

/** Export-Csv, one file for each cmdlet; lists are joined as docs/init.md says. */
export function writeCsvs(deployment: Deployment, delimiter = ','): readonly string[] {
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`
  return objectsOf(deployment)
    .filter((objects) => objects.length > 0)
    .map((objects) => {
      const head = objects[0]?.map(([name]) => cell(name)).join(delimiter)
      const rows = objects.map((object) =>
        object
          .map(([, value]) => cell(typeof value === 'string' ? value : value.join(' ')))
          .join(delimiter),
      )
      return `#TYPE Selected.System.Object\r\n${[head, ...rows].join('\r\n')}\r\n`
    })
}

/** Export-Clixml of everything. */
export function writeCliXml(deployment: Deployment): string {
  let reference = 0
  const print = (object: Printed): string => {
    const properties = object.map(([name, value]) =>
      typeof value === 'string'
        ? `<S N="${name}">${escapeXml(value)}</S>`
        : `<Obj N="${name}" RefId="${++reference}"><LST>${value.map((each) => `<S>${escapeXml(each)}</S>`).join('')}</LST></Obj>`,
    )
    return `<Obj RefId="${++reference}"><ToString>x</ToString><Props>${properties.join('')}</Props></Obj>`
  }
  return `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${objectsOf(
    deployment,
  )
    .flat()
    .map(print)
    .join('')}</Objs>`
}

/** Files that are no topology, each with words that the answer must hold. */
export const foreignFiles: readonly (readonly [name: string, bytes: Uint8Array, says: RegExp])[] = [
  ['empty', Buffer.alloc(0), /is empty/],
  ['blanks', Buffer.from(' \r\n\r\n'), /is empty/],
  ['nothing but a mark', Buffer.from([0xff, 0xfe]), /is empty/],
  [
    'svg',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'),
    /an SVG picture/,
  ],
  [
    'plist',
    Buffer.from('<?xml version="1.0"?><plist version="1.0"><dict/></plist>'),
    /Apple property list/,
  ],
  [
    'plist with its doctype',
    Buffer.from(
      '<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD" "http://www.apple.com/x.dtd"><plist/>',
    ),
    /DOCTYPE/,
  ],
  ['html', Buffer.from('<html><body>no</body></html>'), /a web page/],
  [
    'other xml',
    Buffer.from('<v:config xmlns:v="urn:vendor"><v:pool/></v:config>'),
    /root element "config"/,
  ],
  ['other cmdlet', Buffer.from('Name : x\nStatus : Running\n'), /nothing about web services/],
  [
    'other CliXml',
    Buffer.from('<Objs><Obj><Props><S N="Name">x</S></Props></Obj></Objs>'),
    /nothing about web/,
  ],
  ['no CliXml at all', Buffer.from('<Objs/>'), /nothing about web services/],
  ['json', Buffer.from('[{"Identity":"WebServer:pool01"}]'), /is JSON/],
  [
    'a table',
    Buffer.from('Identity        Version\n--------        -------\nWebServer:pool01 7\n'),
    /Format-Table/,
  ],
  [
    'a rules file',
    Buffer.from('version: 1\nlisteners:\n  - { name: a }\n'),
    /nothing about web services/,
  ],
  ['zip', Buffer.from('PK\u0003\u0004\u0014\u0000', 'latin1'), /ZIP.*Export-CsConfiguration/s],
  ['gzip', gzipSync('x'), /gzip/],
  ['pdf', Buffer.from('%PDF-1.7\n'), /PDF/],
  ['bytes', Buffer.from([0, 1, 2, 3, 255, 254, 0, 7]), /neither UTF-8|not text/],
  ['a control character', Buffer.from('Identity : a\u0001b'), /not text/],
  ['latin 1', Buffer.from('Identity : W\u00fcrzburg', 'latin1'), /neither UTF-8/],
  [
    'half of a topology',
    Buffer.from('<Topology><Clusters><Cluster Fqdn="a.b"'),
    /not well-formed \(line 1/,
  ],
  ['wrong end', Buffer.from('<Topology><a></b></Topology>'), /not well-formed/],
  ['two roots', Buffer.from('<Topology/><Topology/>'), /not well-formed/],
  ['an open comment', Buffer.from('<Topology><!-- '), /not well-formed/],
  ['a topology without anything', Buffer.from('<Topology/>'), /without web services/],
  [
    'billion laughs',
    Buffer.from(
      `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from(
        { length: 9 },
        (_, level) => `<!ENTITY lol${level + 1} "${`&lol${level || ''};`.repeat(10)}">`,
      ).join('')}]><Topology>&lol9;</Topology>`,
    ),
    /DOCTYPE/,
  ],
  [
    'an external entity',
    Buffer.from('<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><Topology>&x;</Topology>'),
    /DOCTYPE/,
  ],
  ['an entity out of nowhere', Buffer.from('<Topology>&secret;</Topology>'), /not well-formed/],
  ['very deep', Buffer.from('<a>'.repeat(100_000)), /more than 64 levels/],
  ['very deep and whole', Buffer.from('<a>'.repeat(65) + '</a>'.repeat(65)), /more than 64 levels/],
  [
    'very wide',
    Buffer.from(`<Topology>${'<a/>'.repeat(200_001)}</Topology>`),
    /more than 200000 elements/,
  ],
]
