/** The findings of a preflight as people read them. */
import { countVerdicts, type Finding, type Verdict } from '../preflight/finding.ts'
import type { Report } from '../preflight/run-preflight.ts'
import { alignTable, type CommandIo, paint, type Style } from './output.ts'

const styles: Readonly<Record<Verdict, Style>> = {
  pass: 'green',
  warn: 'yellow',
  fail: 'red',
  skip: 'dim',
}

/** What was tested in bold, its findings below, what they mean and what to do below each, and a line that sums up. */
export function formatReport({ title, findings }: Report, io: CommandIo): string {
  const rows: string[][] = []
  let subject: string | undefined
  let blocks = ''
  const flush = (): void => {
    blocks += alignTable(rows.splice(0))
  }
  for (const finding of findings) {
    if (finding.subject !== subject) {
      flush()
      subject = finding.subject
      blocks += `${blocks === '' ? '' : '\n'}${paint(io, 'bold', subject)}\n`
    }
    rows.push(...formatFinding(finding, io))
  }
  flush()
  return `${blocks}\n${title}: ${summarize(findings, io)}\n`
}

function formatFinding(finding: Finding, io: CommandIo): string[][] {
  const { verdict, check, seen, concerns, means, advice } = finding
  const rows = [['', paint(io, styles[verdict], verdict), check, seen]]
  const more = (text: string): void => {
    for (const line of wrap(text)) rows.push(['', '', '', paint(io, 'dim', line)])
  }
  if (means !== undefined) more(`${concerns.join(', ')}: ${means}`)
  if (advice !== undefined) more(`do: ${advice}`)
  return rows
}

/** Lines of at most 90 characters, cut between words; a longer word has a line of its own. */
const wrap = (text: string): readonly string[] =>
  (text.match(/.{1,90}(?:\s+|$)|\S+\s*/gu) ?? []).map((line) => line.trimEnd())

function summarize(findings: readonly Finding[], io: CommandIo): string {
  const { pass, warn, fail, skip } = countVerdicts(findings)
  const counts = [
    fail > 0 ? paint(io, 'red', `${fail} failed`) : '',
    warn > 0 ? paint(io, 'yellow', `${warn} to look at`) : '',
    `${pass} passed`,
    skip > 0 ? `${skip} not tested` : '',
  ]
  return counts.filter(Boolean).join(', ')
}
