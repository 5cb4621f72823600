/** Which exchanges somebody wants to see. */

/** @import { ListedExchange } from '../live/exchange-list.ts' */

/**
 * Families of user agents, the first that fits counts. Clients of Lync begin with what they are: UCCAPI is the desktop
 * client, OCPhone the Phone Edition.
 * @type {readonly (readonly [string, RegExp])[]}
 */
const FAMILIES = [
  ['Phone', /OCPhone|CPE\/|UCPhone|Polycom|Yealink|AUDC|AudioCodes|Snom/i],
  ['Room system', /RTCC|LyncRoom|LRS|MTR|Surface ?Hub/i],
  [
    'Mobile',
    /Lync ?Mobile|SfB ?Mobile|iPhoneLync|iPadLync|ACOMO|AndroidLync|(Lync|Skype).*(iPhone|iPad|Android)/i,
  ],
  ['Mac client', /LMC|Lync ?Mac|SfBForMac|Skype for Business.*Mac/i],
  ['Desktop client', /UCCAPI|UCCP|^OC\/|^Lync|Skype for Business|Microsoft Lync/i],
  ['Server', /RTC\/|Lync ?Server|LyncServer|MediationServer|UCWA|Exchange/i],
  ['Office', /Microsoft Office|MSOffice|Outlook|Word|Excel|PowerPoint|MAPI/i],
  ['Script', /curl|wget|python|PowerShell|libwww|Go-http|okhttp|scan|bot|nmap|zgrab/i],
  ['Browser', /Mozilla|Opera/i],
]

/** @param {string | null} userAgent */
export function familyOf(userAgent) {
  if (userAgent === null || userAgent === '') return 'None'
  return FAMILIES.find(([, pattern]) => pattern.test(userAgent))?.[0] ?? 'Other'
}

/**
 * @typedef {object} Filter all fields as typed; an empty one lets everything through
 * @property {string} client the beginning of an address
 * @property {string} family
 * @property {string} rule
 * @property {string} status such as 503, 4xx, or 0 for a cut connection
 * @property {string} outcome
 */

/**
 * @param {ListedExchange} exchange
 * @param {Filter} filter
 */
export function fits(exchange, { client, family, rule, status, outcome }) {
  return (
    exchange.client.startsWith(client.trim().toLowerCase()) &&
    (family === '' || familyOf(exchange.userAgent) === family) &&
    (rule === '' || (exchange.rule ?? '') === rule) &&
    (outcome === '' || exchange.outcome === outcome) &&
    String(exchange.status).startsWith(status.trim().replace(/x+$/i, ''))
  )
}
