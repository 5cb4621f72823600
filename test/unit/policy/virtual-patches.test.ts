import t from 'tap'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'
import { findVirtualPatch } from '../../../src/policy/virtual-patches.ts'

const isPublished = (host: string, port: number | undefined): boolean =>
  ['meet.contoso.com', 'lyncweb.contoso.com'].includes(host) && [undefined, 443].includes(port)
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const refuses = (target: string): boolean =>
  findVirtualPatch({ target, path: canonicalPath(target), isPublished })?.id === 'CVE-2023-41763'
const PAGE = '/lwa/Webpages/LwaClient.aspx'

t.test('links of the join page pass', async (t) => {
  const link = base64('https://meet.contoso.com/alice/7322994')
  t.notOk(refuses(`${PAGE}?legacy=RmFsc2U!&xml=&meeturl=${link}`))
  t.notOk(refuses(`${PAGE}?meeturl=${encodeURIComponent(link)}`))
  t.notOk(refuses(`${PAGE}?meeturl=${base64('https://MEET.contoso.com:443/alice/7322994?sl=1')}`))
  t.notOk(
    refuses(
      `${PAGE}?meeturl=${base64('https://meet.contoso.com/al/7322994').replaceAll('=', '!')}`,
    ),
  )
  t.notOk(refuses(`${PAGE}?meeturl=${link.replaceAll('=', '')}`))
  t.notOk(refuses(PAGE))
  t.notOk(refuses(`${PAGE}?legacy=RmFsc2U!&xml=PD94bWw-&lang=de`))
  t.notOk(refuses(`/abs/handler?meeturl=${base64('https://evil.example/')}`), 'another directory')
})

t.test('everything else is refused', async (t) => {
  const evil = base64('https://evil.example/?id=1%25{1337*1337}#.xx//')
  const spellings = [
    `${PAGE}?meeturl=${evil}`,
    `${PAGE}?meetURL=${evil}`,
    `${PAGE}?%6deeturl=${evil}`,
    `${PAGE}?%256deeturl=${evil}`,
    `${PAGE}?%u006deeturl=${evil}`,
    `${PAGE}?me%u0065turl=${evil}`,
    `${PAGE}?%25u006deeturl=${evil}`,
    `${PAGE}?%2525252525256deeturl=${evil}`,
    `${PAGE}?+meeturl+=${evil}`,
    `${PAGE}?;meeturl=${evil}`,
    `${PAGE}?meeturl=${evil.slice(0, 8)}%0a${evil.slice(8)}`,
    `${PAGE}?meeturl=${evil.slice(0, 8)}*${evil.slice(8)}`,
    `${PAGE}?meeturl=${base64('http://meet.contoso.com:5985/wsman')}`,
    `${PAGE}?meeturl=${base64('https://0x7f000001/')}`,
    `${PAGE}?meeturl=${base64('//meet.contoso.com/')}`,
    `${PAGE}?meeturl=${base64('https:meet.contoso.com/')}`,
    `/lwa/WebPages/../Webpages/LwaClient.aspx?meeturl=${evil}`,
    `/(S(x))/lwa/Webpages/LwaClient.aspx?meeturl=${evil}`,
    `/meet/%2e%2e/lwa/Webpages/LwaClient.aspx?meeturl=${evil}`,
    `/LWA/webpages/%4cwaClient.aspx?meeturl=${evil}`,
    `/x/../lwa/Webpages/LwaClient.aspx?meeturl=${evil}`,
    `/lwa%2fWebpages%2fLwaClient.aspx?meeturl=${evil}`,
    `/lwa/Webpages/LwaClient.aspx/x?meeturl=${evil}`,
    `${PAGE}?a=b?meeturl=${evil}`,
    `${PAGE}?meeturl=${base64('https://meet.contoso.com/a/b')}&meeturl=${evil}`,
    `${PAGE}?meeturl=`,
    `${PAGE}?meeturl`,
    `${PAGE}?meeturl=https://meet.contoso.com/`,
    `${PAGE}?meeturl=${base64('https://meet.contoso.com@evil.example/')}`,
    `${PAGE}?meeturl=${base64('https://evil.example\\@meet.contoso.com/')}`,
    `${PAGE}?meeturl=${base64('https://meet.contoso.com.evil.example/')}`,
    `${PAGE}?meeturl=${base64('file://meet.contoso.com/c$/')}`,
    `${PAGE}?meeturl=${base64('https://[::1]/')}`,
    `${PAGE}?meeturl=${base64('https://meet.contoso.com /x')}`,
    `${PAGE}?meeturl=${Buffer.from('https://evil.example/', 'utf16le').toString('base64')}`,
  ]
  for (const spelling of spellings) t.ok(refuses(spelling), spelling)
})
