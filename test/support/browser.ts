/** Chromium, which looks at pages of ours and at nothing else. */
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { requireProgram } from './real-programs.ts'

const PATH = '/usr/bin/chromium'

const FLAGS = [
  // Build servers run as root, and so do containers.
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Small /dev/shm of containers.
  '--disable-dev-shm-usage',
]

/** Undefined: there is none, and the test has said so. */
export async function startBrowser(t: Test): Promise<Browser | undefined> {
  if (!requireProgram(t, PATH, 'chromium')) return undefined
  const browser = await chromium.launch({ executablePath: PATH, args: FLAGS, timeout: 120_000 })
  t.teardown(() => browser.close())
  return browser
}

export interface OpenPage {
  readonly page: Page
  /** What the browser complained of: errors of scripts and of the console, violations of the policy. */
  readonly complaints: readonly string[]
}

export interface PageSettings {
  readonly width?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** A page in a profile of its own. Resolves when it is loaded. */
export async function openPage(
  t: Test,
  browser: Browser,
  url: string,
  { width = 1280, colorScheme = 'light' }: PageSettings = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
  t.teardown(() => context.close())
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}
