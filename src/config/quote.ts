/** What the administrator wrote, shown in messages: bounded, quoted, harmless to a terminal. */
import type { KeyPath } from './problem.ts'

const longestShown = 60

/**
 * A value in double quotes, or in words where quotes would not help (`nothing`, `a list`).
 * Control and direction-changing characters are escaped: they could repaint a terminal.
 */
export function quote(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value !== 'string') return String(value)
  const characters = [...value.slice(0, 2 * longestShown + 2)]
  const isLong = characters.length > longestShown
  return inQuotes(isLong ? `${characters.slice(0, longestShown).join('')}…` : value)
}

/** A path as a person would write it: `pools.pool01.servers[1].weight`; empty for the whole file. */
export function writeKeyPath(path: KeyPath): string {
  return path.map(writeStep).join('').replace(/^\./, '')
}

function writeStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`
  return /^[\w-]+$/.test(step) && step.length <= longestShown ? `.${step}` : `[${quote(step)}]`
}

const inQuotes = (text: string): string => escapeHidden(JSON.stringify(text))

/** Text without characters that are not shown, or that change how others are shown. */
export const escapeHidden = (text: string): string =>
  text.replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
