/** The status page in Chromium, as an administrator meets it. */
import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { madeToken } from '../support/ask-admin.ts'
import { openPage, startBrowser } from '../support/browser.ts'
import { freePorts } from '../support/free-ports.ts'
import { startGuardedLab } from '../support/guarded-lab.ts'
import { guess, wrongFor } from '../support/guesser.ts'
import { credentialsOf, HOST } from '../support/lab-proxy.ts'
import { startReloadingProxy } from '../support/reloading-proxy.ts'

const HOSTILE = '"><img src=/x onerror="window.hacked=1"><script>window.hacked=1</script>'

async function start(t: Test) {
  const [one, two] = [await startAnsweringBackend(t), await startAnsweringBackend(t)]
  const [httpPort = 0, port = 0] = await freePorts(2)
  const servers = [one, two].map(
    (each) => `{ address: 127.0.0.1, http: ${each.httpPort}, https: ${each.httpPort} }`,
  )
  const proxy = await startReloadingProxy(t, {
    rules: `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${httpPort} }]
pools:
  pool01:
    product: other
    servers: [${servers.join(', ')}]
    tls: { ca: root.pem }
    health: { check: tcp, interval: 1s, fall: 1, rise: 1 }
rules:
  - { name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }
admin: { port: ${port} }
`,
  })
  const get = async (target: string, fields: readonly string[] = [HOST]): Promise<number> => {
    const client = await connectRaw({ port: httpPort })
    const { status } = await client.request(`GET ${target}`, fields)
    client.close()
    return status
  }
  return { proxy, get, url: `http://127.0.0.1:${port}/`, port, one, two }
}

const nameOf = ({ httpPort }: { readonly httpPort: number }): string => `127.0.0.1:${httpPort}`

/** The whole file needs it, so it is started once. */
async function withBrowser(t: Test): Promise<void> {
  const browser = await startBrowser(t)
  if (!browser) return

  await t.test('it shows what happens without being loaded again', (t) => liveness(t, browser))
  await t.test('what clients choose stays text, and can be searched', (t) => exchanges(t, browser))
  await t.test('drain, with the keyboard alone', (t) => draining(t, browser))
  await t.test('whom the sign-in guard blocks, and an end of it', (t) => blocked(t, browser))
  await t.test('narrow and dark', (t) => layouts(t, browser))
  await t.test('for those who do not see it', (t) => names(t, browser))
}

async function liveness(t: Test, browser: Browser): Promise<void> {
  const { url, two, get } = await start(t)
  const { page, complaints } = await openPage(t, browser, url)
  await page.getByText('Live', { exact: true }).waitFor()
  const row = page.getByRole('row', { name: nameOf(two) })
  await row.getByText('Healthy', { exact: true }).waitFor()
  await page.getByText('Nothing: all is well.').waitFor()
  t.equal(await page.locator('#charts canvas').count(), 4)

  await two.stop()
  await row.getByText('Unhealthy').waitFor()
  await page
    .getByRole('region', { name: 'What needs attention' })
    .getByText(`${nameOf(two)} in pool01 fails its checks`)
    .waitFor()
  t.equal(await get('/seen-live'), 200)
  await page.getByRole('rowheader', { name: '/seen-live' }).waitFor()
  t.same(complaints, [])
}

async function exchanges(t: Test, browser: Browser): Promise<void> {
  const { url, get } = await start(t)
  const { page, complaints } = await openPage(t, browser, url)
  t.equal(await get(`/${HOSTILE.replaceAll(' ', '+')}`, [HOST, `User-Agent: ${HOSTILE}`]), 200)
  t.equal(await get('/phone', [HOST, 'User-Agent: OCPhone/4.0']), 200)
  t.equal(await get('/nobody', ['Host: <b>evil</b>.example']), 400)
  t.equal(await get('/nowhere', ['Host: other.example']), 421)
  const list = page.getByRole('table', { name: 'Recent exchanges' })
  await list.getByRole('rowheader', { name: '/nowhere' }).waitFor()
  await list.getByRole('rowheader', { name: 'onerror=' }).waitFor()
  t.equal(await page.locator('main img, main script').count(), 0)
  t.equal(await page.evaluate('window.hacked'), undefined)

  const found = list.locator('tbody').getByRole('row')
  const showsOnly = async (target: string): Promise<void> => {
    await page.waitForFunction("document.querySelectorAll('#exchange-table tbody tr').length === 1")
    t.match(await found.first().textContent(), target)
  }
  await page.getByLabel('User agent').selectOption('Phone')
  await showsOnly('/phone')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByLabel('Status').fill('421')
  await showsOnly('/nowhere')
  await page.getByLabel('Status').fill('')
  await page.getByLabel('Outcome').selectOption('client-host-missing')
  await showsOnly('/nobody')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('searchbox', { name: 'Client' }).fill('192.0.2.')
  await page.getByText('No exchange fits.').waitFor()
  await page
    .getByRole('table', { name: 'Exchanges that were refused' })
    .getByText('client-not-published')
    .waitFor()
  t.same(complaints, [])
}

async function draining(t: Test, browser: Browser): Promise<void> {
  const { url, port, one } = await start(t)
  const { page, complaints } = await openPage(t, browser, url)
  const button = page.getByRole('button', { name: `Drain ${nameOf(one)}` })
  await button.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: `Drain ${nameOf(one)}?` })
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  t.equal(await page.evaluate('document.activeElement.value'), nameOf(one), 'back where it was')

  await page.keyboard.press('Enter')
  await page.keyboard.type('not-the-token-at-all-and-32-characters-long')
  await page.keyboard.press('Enter')
  await dialog.getByRole('alert').getByText('this is not the admin token').waitFor()
  await page.keyboard.type(madeToken(t, port))
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  const row = page.getByRole('row', { name: nameOf(one) })
  await row.getByText(/^Drain(?:ing|ed, empty)$/).waitFor()

  await row.getByRole('button', { name: 'Undrain' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Undrain' }).click()
  await row.getByRole('button', { name: `Drain ${nameOf(one)}` }).waitFor()
  t.ok(await page.evaluate('localStorage.length + sessionStorage.length === 0'))
  t.equal(await page.evaluate('document.cookie'), '')
  t.same(
    complaints.filter((each) => !each.includes('401')),
    [],
    'but for the answer to the wrong token',
  )
}

async function blocked(t: Test, browser: Browser): Promise<void> {
  const [port = 0] = await freePorts(1)
  const top = `signInGuard: { perUser: { failures: 2 } }\nadmin: { port: ${port} }\n`
  const { lab, target } = await startGuardedLab(t, { workers: 0, top })
  const { page, complaints } = await openPage(t, browser, `http://127.0.0.1:${port}/`)
  await page.getByText('Nobody is blocked.').waitFor()
  const odd = '<img src=x onerror=window.hacked=1>'
  for (const user of ['alice', odd])
    for (let n = 0; n < 2; n++) await guess(t, target('127.0.9.1'), wrongFor(user))
  const rightFrom = async (from: string): Promise<number> =>
    (await guess(t, target(from), credentialsOf(lab, 'alice'))).status
  t.equal(await rightFrom('127.0.9.2'), 401)
  const table = page.getByRole('table', { name: 'Users and clients that are blocked' })
  await table.getByRole('rowheader', { name: odd }).waitFor()
  t.equal(await page.locator('main img').count(), 0)
  t.equal(await page.evaluate('window.hacked'), undefined)

  await table.getByRole('button', { name: 'Unblock user alice' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Unblock user alice?' })
  await dialog.waitFor()
  await page.keyboard.type(madeToken(t, port))
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  await table.getByRole('rowheader', { name: 'alice' }).waitFor({ state: 'detached' })
  t.equal(await page.evaluate('document.activeElement.id'), 'blocked-heading')
  t.equal(await rightFrom('127.0.9.2'), 200)

  await table.getByRole('button', { name: `Unblock user ${odd}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Unblock' }).click()
  await page.getByText('Nobody is blocked.').waitFor()
  t.same(complaints, [])
}

async function layouts(t: Test, browser: Browser): Promise<void> {
  const { url, get } = await start(t)
  t.equal(await get(`/${'long'.repeat(200)}`, [HOST, `User-Agent: ${'x'.repeat(400)}`]), 200)
  const backgrounds = new Set<string>()
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [320, 640, 1280]) {
      const { page, complaints } = await openPage(t, browser, url, { width, colorScheme })
      await page.getByRole('rowheader', { name: '/longlong' }).waitFor()
      const wide = Number(await page.evaluate('document.documentElement.scrollWidth'))
      t.ok(wide <= width, `${colorScheme}: ${wide} of ${width}`)
      backgrounds.add(
        String(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')),
      )
      t.same(complaints, [])
    }
  }
  t.equal(backgrounds.size, 2, 'dark is another one than light')
}

interface AccessibleNode {
  readonly ignored: boolean
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
}

const NEED_A_NAME = [
  'button',
  'link',
  'textbox',
  'searchbox',
  'combobox',
  'table',
  'region',
  'form',
]

async function names(t: Test, browser: Browser): Promise<void> {
  const { url, get } = await start(t)
  t.equal(await get('/'), 200)
  const { page } = await openPage(t, browser, url)
  await page.getByText('Live', { exact: true }).waitFor()
  for (const summary of await page.getByText(/ as a table$/).all()) await summary.click()
  const session = await page.context().newCDPSession(page)
  const tree = await session.send('Accessibility.getFullAXTree')
  const nodes = (tree.nodes as readonly AccessibleNode[]).filter(({ ignored }) => !ignored)
  const roleOf = ({ role }: AccessibleNode): string => role?.value ?? ''
  const nameless = nodes.filter(
    (node) => NEED_A_NAME.includes(roleOf(node)) && (node.name?.value ?? '').trim() === '',
  )
  t.same(nameless.map(roleOf), [])
  for (const landmark of ['banner', 'navigation', 'main', 'contentinfo'])
    t.equal(nodes.filter((node) => roleOf(node) === landmark).length, 1, landmark)
  const buttons = nodes.filter((node) => roleOf(node) === 'button').map(({ name }) => name?.value)
  t.equal(new Set(buttons).size, buttons.length, 'no two buttons are called the same')
  const levels = (await page.evaluate(
    `[...document.querySelectorAll('h1, h2, h3')].filter(({ offsetParent }) => offsetParent)
      .map(({ tagName }) => Number(tagName[1]))`,
  )) as readonly number[]
  t.equal(levels.filter((level) => level === 1).length, 1)
  t.ok(
    levels.every((level, at) => level <= (levels[at - 1] ?? 0) + 1),
    'no level is left out',
  )
  const heads = await page.evaluate(
    "document.querySelectorAll('th:not([scope]), table:not(:has(caption))').length",
  )
  t.equal(heads, 0)
}

await withBrowser(t)
