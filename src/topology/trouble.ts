/** Why a file cannot be used for `lyncgate init`: what was found, and what to export instead. */
import { escapeHidden } from '../config/quote.ts'

export interface TopologyTrouble {
  /** What was found; follows the name of the file. */
  readonly message: string
  readonly hint: string
}

/** What can be read, said once. */
export const exportHint =
  'save the topology in Topology Builder (.tbxml), or in the Management Shell: ' +
  'Get-CsTopology -AsXml | Set-Content topology.xml -Encoding UTF8'

export const trouble = (message: string, hint: string = exportHint): TopologyTrouble => ({
  message,
  hint,
})

/** A name out of a hostile file, for a message: short, on one line, harmless to a terminal. */
export function showName(name: string): string {
  const shown = [...name.slice(0, 80)].slice(0, 40).join('')
  return escapeHidden(JSON.stringify(shown.length < name.length ? `${shown}…` : shown))
}
