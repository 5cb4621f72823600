/** The table of virtual directories, written a second time: versions, site and default of every row. */
import t from 'tap'
import type { Product } from '../../../src/config/rules.ts'
import { catalogue, internalDirectories } from '../../../src/policy/catalogue.ts'

const LYNC: readonly Product[] = ['lync-2010', 'lync-2013', 'skype-2015', 'skype-2019', 'skype-se']

/** path: first version, last version (years; `+` is until today), site, default. */
const expected: Readonly<Record<string, string>> = {
  '/abs': '2010+ both allow',
  '/admin': '2010+ internal deny',
  '/autodiscover': '2010+ both allow',
  '/autoupdate': '2010+ internal deny',
  '/certprov': '2010+ both allow',
  '/collabcontent': '2010+ both allow',
  '/conf': '2010-2010 internal deny',
  '/cscp': '2010+ internal deny',
  '/datacollabweb': '2013+ both allow',
  '/deviceupdatefiles_ext': '2010+ external optional',
  '/deviceupdatefiles_int': '2010+ internal deny',
  '/dialin': '2010+ both allow',
  '/etc': '2010+ internal deny',
  '/fonts': '2010+ both allow',
  '/groupexpansion': '2010+ both allow',
  '/hybridconfig': '2013+ both optional',
  '/lmstaticdata': '2010+ both allow',
  '/locationinformation': '2010+ internal deny',
  '/lwa': '2013+ both allow',
  '/mcx': '2010-2015 both allow',
  '/meet': '2010+ both allow',
  '/meetingcontent': '2010+ both allow',
  '/meetingfiles': '2010+ both allow',
  '/meetingroomportal': '2015+ both deny',
  '/ocspowershell': '2010+ internal deny',
  '/onlineauth': '2013+ both allow',
  '/passiveauth': '2013+ both optional',
  '/persistentchat': '2013-2015 both optional',
  '/phoneconferencing': '2010+ internal deny',
  '/reach': '2010+ both allow',
  '/requesthandler': '2010+ internal deny',
  '/requesthandlerext': '2010+ external optional',
  '/rgsclients': '2010+ both allow',
  '/rgsconfig': '2010+ internal deny',
  '/scheduler': '2010+ both optional',
  '/storeweb': '2013+ both optional',
  '/supportconferenceconsole': '2013+ internal deny',
  '/ucwa': '2013+ both allow',
  '/webticket': '2010+ both allow',
}

const YEARS = ['2010', '2013', '2015', '2019', 'SE']

t.test('every directory of Lync has its versions, site and default', async (t) => {
  const entries = catalogue.filter(({ products }) => products.some((each) => LYNC.includes(each)))
  const found = entries.map(({ path, products, site, action }) => {
    const has = YEARS.filter((_, at) => products.includes(LYNC[at] as Product))
    const range = has.at(-1) === 'SE' ? `${has[0]}+` : `${has[0]}-${has.at(-1)}`
    return [path, `${range} ${site} ${action}`] as const
  })
  t.same(Object.fromEntries(found), expected)
})

t.test('neighbours have catalogues of their own', async (t) => {
  const pathsOf = (product: Product, action: string) =>
    catalogue
      .filter((entry) => entry.products.includes(product) && entry.action === action)
      .map(({ path }) => path)
  t.same(
    pathsOf('exchange', 'allow').sort(),
    [
      '/autodiscover',
      '/ews',
      '/mapi',
      '/microsoft-server-activesync',
      '/oab',
      '/owa',
      '/rpc',
    ].sort(),
  )
  t.same(pathsOf('exchange', 'deny'), ['/powershell'])
  t.same(pathsOf('office-web-apps', 'deny'), ['/op/generate.aspx'])
  for (const path of ['/hosting', '/m', '/p', '/x', '/wv', '/we', '/o'])
    t.ok(pathsOf('office-web-apps', 'allow').includes(path), path)
  t.same(pathsOf('communicator-web-access', 'deny'), ['/iwa'])
})

t.test('every entry says what, who, where and on whose word', async (t) => {
  for (const { path, title, purpose, authentication, source, kinds, action } of catalogue) {
    t.equal(path, title.toLowerCase())
    t.ok(purpose !== '' && authentication !== '' && source !== '', path)
    t.equal(kinds.length === 0, action === 'deny', `${path} is published somewhere or stays inside`)
  }
})

t.test('what is internal in one version stays inside in each of them', async (t) => {
  const of = (product: Product) => internalDirectories(product).map(({ path }) => path)
  for (const product of LYNC) t.same(of(product), of('skype-se'))
  t.ok(of('other').includes('/cscp'), 'a server of which nothing is known may be Lync')
  t.notOk(of('other').includes('/admin'), 'but its admin pages are its own')
  t.notOk(of('exchange').includes('/cscp'))
})
