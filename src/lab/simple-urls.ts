/** The simple URLs: join a meeting, see the dial-in numbers. Plain pages for people. */

import { answer, type LabExchange, type LabHandler } from './exchange.ts'

/** The page that starts a meeting; shows the organizer, the meeting and the query as they arrived. */
export function joinPage(exchange: LabExchange): void {
  const [organizer = '', meeting = ''] = exchange.target.writtenPath
    .replace(/^\/meet(?=\/|$)/i, '')
    .split('/')
    .slice(1)
  answer(exchange, {
    body: page('Join meeting', [
      `<p id="organizer">${escapeHtml(organizer)}</p>`,
      `<p id="meeting">${escapeHtml(meeting)}</p>`,
      `<p id="query">${escapeHtml(exchange.target.rawQuery)}</p>`,
    ]),
  })
}

/**
 * `/Dialin`, and `/` of a dialin host. `Conference.aspx` sends to the name of the web services when it is asked
 * for under any other, as Lync does.
 */
export function createDialinHandler(webServicesHost: string): LabHandler {
  return (exchange) => {
    const { host, connection, target } = exchange
    const isConference = target.path.endsWith('/conference.aspx')
    if (isConference && (host !== webServicesHost || !connection.secure)) {
      const origin = exchange.publicOrigin.replace(host, webServicesHost)
      return answer(exchange, {
        status: 302,
        headers: { Location: `${origin}/Dialin/Conference.aspx` },
      })
    }
    answer(exchange, {
      body: page('Dial-in conferencing', [
        '<table><tr><td>Berlin</td><td>+49 30 555 0100</td></tr>',
        '<tr><td>Redmond</td><td>+1 425 555 0100</td></tr></table>',
        `<p id="query">${escapeHtml(target.rawQuery)}</p>`,
      ]),
    })
  }
}

function page(title: string, content: readonly string[]): string {
  return [
    '<!DOCTYPE html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>`,
    `<h1>${title}</h1>`,
    ...content,
    '</body></html>\n',
  ].join('\n')
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
