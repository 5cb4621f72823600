/** Says in the words of an administrator what zod found. */
import type { z } from 'zod'
import { suggest } from './did-you-mean.ts'
import type { IssueParams } from './fields.ts'
import type { Finding } from './finding.ts'
import { findKnownKeys, findSchemaNode, type SchemaNode } from './json-schema.ts'
import type { KeyPath } from './problem.ts'
import { quote, writeKeyPath } from './quote.ts'

type Issue = z.core.$ZodIssue

/** Findings for the issues that zod has with the raw value of the file. */
export function explainIssues(issues: readonly Issue[], raw: unknown): readonly Finding[] {
  return issues.flatMap((issue) => explainIssue(issue, { raw, base: [] }))
}

interface Surroundings {
  readonly raw: unknown
  /** Where the paths of the issues begin. */
  readonly base: KeyPath
}

function explainIssue(issue: Issue, { raw, base }: Surroundings): readonly Finding[] {
  const path = [...base, ...toKeyPath(issue.path)]
  const value = valueAt(raw, path)
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => explainKey(key, path))
  if (value === undefined) return [explainMissing(path)]
  if (value === null) return [explainNothing(path)]
  switch (issue.code) {
    case 'invalid_union':
      return explainUnion(issue, { raw, base: path })
    case 'invalid_key':
      return issue.issues.map((inner) => explainName(inner, path))
    case 'custom':
      return [explainOwn(issue, path, value)]
    case 'too_small':
    case 'too_big':
      return [explainRange(path, value)]
    case 'invalid_value':
      return [explainChoice(issue.values, path, value)]
    case 'invalid_format':
      return [explainFormat(path, value)]
    default:
      return [explainType(path, value)]
  }
}

// A symbol cannot come out of YAML; zod allows it in a path all the same.
const toKeyPath = (path: readonly PropertyKey[]): KeyPath =>
  path.map((step) => (typeof step === 'symbol' ? String(step) : step))

function explainKey(key: string, path: KeyPath): Finding {
  const place = path.length === 0 ? 'the file' : quote(writeKeyPath(path))
  return {
    code: 'unknown-key',
    path: [...path, key],
    at: 'key',
    message: `${quote(key)} is not a key of ${place}`,
    hint: () => (key === '<<' ? 'merge keys are not supported' : suggest(key, findKnownKeys(path))),
  }
}

function explainMissing(path: KeyPath): Finding {
  const node = findSchemaNode(path)
  const message = `${quote(path.at(-1))} is missing`
  return { code: 'missing-key', path, message, hint: node && `it is ${nameOf(node)}` }
}

function explainNothing(path: KeyPath): Finding {
  const message = `${quote(writeKeyPath(path))} has no value`
  return { code: 'wrong-type', path, message, hint: 'give it a value or leave it out' }
}

type UnionIssue = Extract<Issue, { code: 'invalid_union' }>

/** The form whose kind fits is the one that was meant; its inner mistakes are what counts. */
function explainUnion(issue: UnionIssue, surroundings: Surroundings): readonly Finding[] {
  const { raw, base } = surroundings
  const meant = issue.errors.filter((errors) => !errors.some(isAboutKind))
  if (meant.length !== 1) return [explainType(base, valueAt(raw, base))]
  return (meant[0] ?? []).flatMap((inner) => explainIssue(inner, surroundings))
}

const isAboutKind = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')

function explainName(inner: Issue, path: KeyPath): Finding {
  return { ...explainOwn(inner, path, path.at(-1)), at: 'key' }
}

function explainOwn(issue: Issue, path: KeyPath, value: unknown): Finding {
  const { code, hint } = ('params' in issue ? issue.params : {}) as Partial<IssueParams>
  return { code: code ?? 'wrong-type', path, message: `${quote(value)} ${issue.message}`, hint }
}

function explainRange(path: KeyPath, value: unknown): Finding {
  const node = findSchemaNode(path)
  if (Array.isArray(value)) {
    const message = `${quote(path.at(-1))} has ${value.length} entries, more than ${node?.maxItems}`
    return { code: 'out-of-range', path, message }
  }
  const message = `${quote(value)} is not between ${node?.minimum} and ${node?.maximum}`
  return { code: 'out-of-range', path, message }
}

function explainChoice(values: readonly unknown[], path: KeyPath, value: unknown): Finding {
  const word = typeof value === 'string' ? value : ''
  const hint = () =>
    values.length === 1 ? `write ${values[0]}` : suggest(word, values.map(String))
  return { code: 'unknown-value', path, message: `${quote(value)} is not possible here`, hint }
}

function explainFormat(path: KeyPath, value: unknown): Finding {
  const title = findSchemaNode(path)?.title
  const message = `${quote(value)} is not possible here`
  return {
    code: 'unknown-value',
    path,
    message,
    hint: title && `it is ${title.replaceAll('`', '')}`,
  }
}

function explainType(path: KeyPath, value: unknown): Finding {
  const node = findSchemaNode(path) ?? {}
  const message = `${quote(value)} is not ${nameOf(node)}`
  return { code: 'wrong-type', path, message, hint: findTypeHint(node, value) }
}

const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map of keys with values',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  string: 'text',
}

/** What should be there, with its article. */
function nameOf(node: SchemaNode): string {
  if (node.const !== undefined) return quote(node.const)
  if (node.enum) return `one of ${node.enum.join(', ')}`
  if (node.type === 'integer' && node.title !== 'port') return 'a whole number'
  if (node.title === undefined) return kinds[node.type ?? ''] ?? 'possible here'
  if (/^(?:auto|`|text)/.test(node.title)) return node.title.replaceAll('`', '')
  return `${/^[aeiou]/i.test(node.title) ? 'an' : 'a'} ${node.title}`
}

function findTypeHint(node: SchemaNode, value: unknown): string | undefined {
  if (typeof value === 'number' && node.title === 'duration') return `write ${value}s or ${value}m`
  if (typeof value === 'number' && node.title === 'size') return `write ${value}B or ${value}KiB`
  if (node.type === 'array' && typeof value === 'string') return 'put it in [brackets]'
  if (node.type === 'string' && typeof value !== 'object') return 'put it in quotes'
  if (node.type === 'boolean') return 'write true or false, without quotes'
  if (node.type !== 'integer' || typeof value !== 'string') return undefined
  return /^\d+$/.test(value) ? 'leave out the quotes' : undefined
}

function valueAt(raw: unknown, path: KeyPath): unknown {
  let value: unknown = raw
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}
