/** Puts what `/api/events` tells onto the page. */
import { hasToken, useToken, whenTokenChanges } from './ask.js'
import { concernsOf } from './attention.js'
import { createCharts } from './charts.js'
import { askToDrain } from './drain-dialog.js'
import { badge, byId, element, setText } from './elements.js'
import { addExchanges, forgetExchanges } from './exchanges.js'
import { listen } from './feed.js'
import { moment, timeOfDay } from './format.js'
import { createPools } from './pools.js'
import { showSample, showStatus } from './sections.js'
import { showTiles } from './tiles.js'
import { askForToken } from './token-dialog.js'

/** @import { Status } from '../describe-status.ts' */
/** @import { ExchangeNews } from '../live/exchange-list.ts' */
/** @import { Sample, TrafficPoint } from '../live/traffic-point.ts' */

const charts = createCharts(byId('charts'))
const showPools = createPools(byId('pool-list'), (pool, server, isDrain) =>
  askToDrain({ pool, server, isDrain }),
)

/** @type {Status | undefined} */
let status
/** @type {Sample | undefined} */
let sample

/** @type {Readonly<Record<string, (data: unknown) => void>>} */
const handlers = {
  status: (data) => onStatus(/** @type {Status} */ (data)),
  history: (data) => {
    const { points, now } = /** @type {{ points: TrafficPoint[], now: Sample | null }} */ (data)
    charts.begin(points)
    if (now) onNumbers(now)
  },
  sample: (data) => {
    const next = /** @type {Sample} */ (data)
    charts.add(next.point)
    onNumbers(next)
  },
  exchanges: (data) => addExchanges(/** @type {ExchangeNews} */ (data)),
}

/** @param {Status} now */
function onStatus(now) {
  status = now
  const readiness = byId('readiness')
  setText(readiness, now.ready ? 'Ready' : 'Not ready')
  readiness.className = `chip ${now.ready ? 'good' : 'bad'}`
  setText(
    byId('about'),
    `Version ${now.version} · ${now.file} · revision ${now.revision} · running since ${moment(now.startedAt)}`,
  )
  showPools(now.pools)
  showStatus(now)
  showTiles({ status, point: sample?.point })
  showConcerns(now)
}

/** @param {Sample} now */
function onNumbers(now) {
  sample = now
  showSample(now, charts.points())
  showTiles({ status, point: now.point })
}

/** @type {string} */
let shownConcerns = ''

/** @param {Status} now */
function showConcerns(now) {
  const concerns = concernsOf(now)
  const key = JSON.stringify(concerns)
  if (key === shownConcerns) return
  shownConcerns = key
  const items = concerns.map(({ tone, text, href }) =>
    element(
      'li',
      { class: tone },
      badge(tone, tone === 'bad' ? 'Problem' : 'Notice'),
      element('a', { href }, text),
    ),
  )
  const fine = element('li', { class: 'good' }, badge('good', 'Fine'), 'Nothing: all is well.')
  byId('attention').replaceChildren(...(items.length > 0 ? items : [fine]))
  const worst = concerns.filter(({ tone }) => tone === 'bad').length
  document.title = worst > 0 ? `(${worst}) lyncgate status` : 'lyncgate status'
}

const contact = byId('contact')
const lost = byId('lost')
const tokenButton = byId('token-button')

/** Called when there is a token to try. */
let onToken = () => {}

whenTokenChanges((isKnown) => {
  setText(tokenButton, isKnown ? 'Forget token' : 'Enter token')
  if (isKnown) onToken()
})
tokenButton.addEventListener('click', () => {
  if (hasToken()) useToken(undefined)
  else void askForToken('Drain, undrain and unblock need it.')
})

void listen({
  onEvent: (name, data) => handlers[name]?.(data),
  onContact: () => {
    setText(contact, 'Live')
    contact.className = 'chip good'
    lost.hidden = true
    forgetExchanges()
  },
  onLost: (why) => {
    setText(contact, 'No contact')
    contact.className = 'chip bad'
    if (lost.hidden)
      setText(
        lost,
        `No contact with lyncgate since ${timeOfDay(new Date())} (${why}). What is shown is from before.`,
      )
    lost.hidden = false
  },
  needToken: async ({ code, message, hint }) => {
    setText(contact, 'Token needed')
    contact.className = 'chip warn'
    const error = code === 'no-token' ? '' : `${message}: ${hint}.`
    useToken(undefined)
    const arrived = new Promise((resolve) => {
      onToken = () => resolve(undefined)
    })
    void askForToken('Reading needs it here, and so do drain, undrain and unblock.', error)
    await arrived
  },
})
