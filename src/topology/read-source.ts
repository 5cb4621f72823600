/** One file: what it is, by its content and not by its name, and the facts in it. */
import { failed, ok, type Result } from '../base/result.ts'
import type { ExportedObject } from './exported-object.ts'
import type { Facts } from './facts.ts'
import { readCliXml } from './read-clixml.ts'
import { readCsv } from './read-csv.ts'
import { readExports } from './read-exports.ts'
import { readFormatList } from './read-format-list.ts'
import { readTextFile } from './read-text-file.ts'
import { readTopology } from './read-topology.ts'
import { readXml, type XmlNode } from './read-xml.ts'
import { exportHint, showName, type TopologyTrouble, trouble } from './trouble.ts'

export const sourceKinds = {
  builder: 'Topology Builder document',
  topology: 'Get-CsTopology -AsXml',
  clixml: 'Export-Clixml',
  csv: 'Export-Csv',
  list: 'Format-List',
} as const

export type SourceKind = keyof typeof sourceKinds

export interface Source {
  readonly kind: SourceKind
  readonly facts: Facts
}

/** Reads and recognises a file. */
export async function readSource(path: string): Promise<Result<Source, TopologyTrouble>> {
  const text = await readTextFile(path)
  return text.ok ? recognise(text.value) : text
}

/** As `readSource`, for text at hand. */
export function recognise(text: string): Result<Source, TopologyTrouble> {
  const start = text.trimStart()
  // CliXml begins with a line of its own before the XML when it comes from a remote session.
  const body = start.replace(/^#< CLIXML\s*/, '')
  if (body.startsWith('<')) return recogniseXml(body, 0)
  if (/^[[{]\s*["{[\]}]/.test(body)) {
    return failed(trouble('is JSON', 'use Export-Clixml instead of ConvertTo-Json'))
  }
  const rows = readCsv(body)
  if (rows) return fromObjects('csv', rows)
  const isTable = /^[ \t]*-{3,}(?:[ \t]+-{3,})+[ \t\r]*$/m.test(body)
  const objects = isTable ? [] : readFormatList(body)
  if (objects.length > 0) return fromObjects('list', objects)
  const hint = `use Format-List or Export-Clixml instead of Format-Table; or ${exportHint}`
  return failed(trouble('is text without "Name : value" lines', hint))
}

/** Get-CsTopology -AsXml | Export-Clixml puts XML into XML, once. */
function recogniseXml(text: string, depth: 0 | 1): Result<Source, TopologyTrouble> {
  const xml = readXml(text)
  if (!xml.ok) return xml
  const root = xml.value
  if (root.name === 'TopologyBuilder') return fromTopology('builder', root)
  if (root.name === 'Topology') return fromTopology('topology', root)
  if (root.name !== 'Objs') return failed(foreignXml(root.name))
  const { objects, texts } = readCliXml(root)
  const inner = texts.find((each) => /^\s*<(?:\?xml|\w*:?Topology)/.test(each))
  if (inner !== undefined && depth === 0) return recogniseXml(inner.trimStart(), 1)
  return fromObjects('clixml', objects)
}

function fromTopology(kind: SourceKind, root: XmlNode): Result<Source, TopologyTrouble> {
  const facts = readTopology(root)
  if (facts.pools.length > 0) return ok({ kind, facts })
  const hint = 'choose "Download topology from existing deployment" in Topology Builder and save it'
  return failed(trouble('is a topology without web services', hint))
}

function fromObjects(
  kind: SourceKind,
  objects: readonly ExportedObject[],
): Result<Source, TopologyTrouble> {
  const { facts, known } = readExports(objects)
  if (known > 0) return ok({ kind, facts })
  const [first] = objects
  const names = [...(first?.properties.keys() ?? [])].slice(0, 5).map(showName)
  const held = names.length > 0 ? ` (properties: ${names.join(', ')})` : ''
  return failed(
    trouble(
      `holds nothing about web services${held}`,
      'export Get-CsService, Get-CsPool, Get-CsSipDomain and Get-CsSimpleUrlConfiguration; docs/init.md has the lines',
    ),
  )
}

const foreigners: Readonly<Record<string, string>> = {
  svg: 'an SVG picture',
  html: 'a web page',
  plist: 'an Apple property list',
  DocItemSet: 'an export of Export-CsUserData or Export-CsConfiguration',
  AnchoredXml: 'a piece of the configuration store',
  configuration: 'a configuration file of .NET or IIS',
}

function foreignXml(name: string): TopologyTrouble {
  const known = Object.hasOwn(foreigners, name) ? foreigners[name] : undefined
  return trouble(
    known ? `is ${known}` : `is XML with the root element ${showName(name)}, no topology`,
  )
}
