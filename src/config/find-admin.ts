/** Reads the admin section alone: commands must find a running proxy also when the rest of its file is wrong. */
import { dirname } from 'node:path'
import { z } from 'zod'
import { failed, ok, type Result } from '../base/result.ts'
import { adminSchema } from './admin-schema.ts'
import { buildAdmin } from './build-rules.ts'
import { readDocument } from './document.ts'
import { explainIssues } from './explain-issues.ts'
import { toProblems } from './place-findings.ts'
import type { Problem } from './problem.ts'
import { readRulesFile } from './read-file.ts'
import type { AdminRule } from './rules.ts'

const onlyAdmin = z.object({ admin: adminSchema.optional() })

/** Undefined: the file has no such section. The error holds what keeps it from being read. */
export async function findAdmin(
  path: string,
): Promise<Result<AdminRule | undefined, readonly Problem[]>> {
  const start = () => ({ line: 1, column: 1 })
  const text = await readRulesFile(path)
  if (!text.ok) return failed(toProblems([text.error], start))
  const document = readDocument(text.value.replace(/^\uFEFF/, ''))
  if (!document.ok) return failed(toProblems(document.error, start))
  const { raw, locate } = document.value
  const read = onlyAdmin.safeParse(raw)
  if (!read.success) return failed(toProblems(explainIssues(read.error.issues, raw), locate))
  return ok(read.data.admin && buildAdmin(read.data.admin, dirname(path)))
}
