/** Reads single values of a rules file, whatever is wrong around them. */
import type { z } from 'zod'
import type { KeyPath } from './problem.ts'

/** A value and where it stands. */
export interface Located<T> {
  readonly path: KeyPath
  readonly value: T
}

export function read<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | undefined {
  const result = schema.safeParse(value)
  return result.success ? result.data : undefined
}

export function readList<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: KeyPath,
): readonly Located<z.output<S>>[] {
  return entriesOf(value, path).flatMap((entry) => {
    const result = schema.safeParse(entry.value)
    return result.success ? [{ path: entry.path, value: result.data }] : []
  })
}

export function entriesOf(value: unknown, path: KeyPath): readonly Located<unknown>[] {
  if (!Array.isArray(value)) return []
  return value.map((entry: unknown, index) => ({ path: [...path, index], value: entry }))
}

export const countOf = (value: unknown): number | undefined =>
  Array.isArray(value) ? value.length : undefined

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const asMap = (value: unknown): Readonly<Record<string, unknown>> =>
  isMap(value) ? value : {}
