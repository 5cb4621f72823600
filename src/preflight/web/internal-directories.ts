/** What must stay inside: the directories that only the internal web site is for. */
import { internalDirectories } from '../../policy/catalogue.ts'
import type { Judgement } from '../finding.ts'
import type { Endpoint, Surroundings } from '../surroundings.ts'
import { visible, visibleList } from '../visible.ts'
import type { WebAnswer } from '../web-probe.ts'
import type { PublishedName } from './published-name.ts'

const check = 'internal-directories'

/** Asks for each of them, as a stranger would. */
export async function testInternalDirectories(
  { probes }: Surroundings,
  { host, product }: PublishedName,
  endpoint: Endpoint,
): Promise<Judgement> {
  const directories = internalDirectories(product)
  const answers = await Promise.all(
    directories.map(async ({ title }) => {
      const path = `${title}/`
      return { path, answer: await probes.web(endpoint, { scheme: 'https', host, path }) }
    }),
  )
  return judgeInternal(answers)
}

interface Answered {
  readonly path: string
  readonly answer: WebAnswer
}

/** A challenge is open too: passwords can be tried there, and it names the domain. */
export function judgeInternal(answers: readonly Answered[]): Judgement {
  const open = answers.filter(({ answer }) => isOpen(answer))
  if (open.length > 0)
    return {
      verdict: 'fail',
      check,
      concerns: ['Lync', 'Skype for Business'],
      seen: `open from here: ${visibleList(open.map(describe), 8)}`,
      means:
        'Administration and internal services can be reached by everybody: the proxy leads to the internal web site, or a filter is missing.',
      advice:
        'Bridge 443 to 4443 of the servers, and refuse these directories on the proxy (lyncgate does, unless the rule allows them).',
    }
  const unclear = answers.filter(({ answer }) => answer.kind !== 'answer' || answer.status >= 500)
  if (unclear.length > 0)
    return {
      verdict: 'warn',
      check,
      seen: `no clear answer: ${visibleList(unclear.map(describe), 8)}`,
      means: 'Whether they are closed cannot be said.',
      advice: 'Run the preflight again when the servers answer.',
    }
  return { verdict: 'pass', check, seen: `all ${answers.length} are closed` }
}

/** 404 and other refusals are closed; a redirection may be the sign-in page, or the way into the directory. */
const isOpen = (answer: WebAnswer): boolean =>
  answer.kind === 'answer' && (answer.status < 400 || answer.status === 401)

function describe({ path, answer }: Answered): string {
  if (answer.kind !== 'answer') return `${path} ${answer.reason}`
  const { status, location } = answer
  return location === undefined
    ? `${path} ${status}`
    : `${path} ${status} to ${visible(location, 60)}`
}
