/** docs/lyncgate.1: the man page, from the same table that runs the commands. `npm run generate` writes it. */
import { writeFile } from 'node:fs/promises'
import { commandTexts } from './commands.ts'

/** Text for roff: what it would take for a request or an escape is made plain. */
const escapeRoff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')

/** The whole page. man(7) requests only, so that every man reads it. */
export function writeManPage(): string {
  const commands = Object.entries(commandTexts()).map(
    ([name, { summary, usage, details = '' }]) => {
      const call = usage.replace('usage: ', '').trim()
      const more =
        details.trim() === ''
          ? ''
          : `.PP\n.nf\n${escapeRoff(details.replace(/^\n|\n$/g, ''))}\n.fi\n`
      return `.SS ${escapeRoff(name)}\n.B ${escapeRoff(call)}\n.PP\nIt ${escapeRoff(summary)}.\n${more}`
    },
  )
  return `.TH LYNCGATE 1
.SH NAME
lyncgate \\- publishes the web services of Lync Server and Skype for Business Server
.SH SYNOPSIS
.B lyncgate
.I COMMAND
[\\fIOPTIONS\\fR]
.SH DESCRIPTION
lyncgate is the reverse proxy in front of Lync Server 2010 and 2013 and of Skype for Business Server 2015, 2019 and
Subscription Edition. It listens on 80 and 443, and forwards to the external web site of the pool on 8080 and 4443. A
rules file says what is published;
.B lyncgate init
writes one,
.B lyncgate check
finds its mistakes,
.B lyncgate run
serves by it.
.SH COMMANDS
${commands.join('')}.SH EXIT STATUS
0 done, 1 refused or no answer, 2 the call was wrong, 3 \\-\\-timeout is over.
.SH FILES
.TP
.I lyncgate.yaml
The rules file. Its keys are in docs/rules\\-reference.md.
.SH SIGNALS
SIGHUP reads the rules file and certificates again, SIGTERM drains and ends.
`
}

export const manPageUrl = new URL('../../docs/lyncgate.1', import.meta.url)

if (import.meta.main) await writeFile(manPageUrl, writeManPage())
