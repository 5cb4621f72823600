/** A body of the size that meetings upload: does a machine on the way refuse it? */
import type { Judgement } from '../finding.ts'
import type { Endpoint, Probes } from '../surroundings.ts'
import type { WebAnswer } from '../web-probe.ts'

const check = 'upload-size'

/** Where PowerPoint files are uploaded; the token is in the URL, so that a body without one is taken and refused. */
const uploadPath = '/DataCollabWeb/Ext/Handler'

/** More than the defaults of nginx (1 MiB) and ModSecurity (128 KiB), and little for a line. */
const uploadMiB = 5

/** A test is no load test. */
const mostNames = 20

export type UploadTest = (
  probes: Probes,
  host: string,
  endpoint: Endpoint,
) => Promise<Judgement | undefined>

/** One upload for each name, at the first of its addresses: limits belong to names. */
export function createUploadTest(): UploadTest {
  const tried = new Set<string>()
  return async (probes, host, endpoint) => {
    if (tried.has(host) || tried.size >= mostNames) return undefined
    tried.add(host)
    const post = (uploadBytes: number): Promise<WebAnswer> =>
      probes.web(endpoint, { scheme: 'https', host, path: uploadPath, fields: {}, uploadBytes })
    const answer = await post(uploadMiB * 1024 * 1024)
    const isNotFound = answer.kind === 'answer' && answer.status === 404
    // Request filtering of IIS hides a limit behind 404 (404.13).
    return judgeUpload(answer, isNotFound ? await post(1) : undefined)
  }
}

/** @param small the answer to one byte, where the large body was not found */
export function judgeUpload(answer: WebAnswer, small?: WebAnswer): Judgement {
  const size = `${uploadMiB} MiB to ${uploadPath}`
  if (answer.kind !== 'answer')
    return {
      verdict: 'warn',
      check,
      seen: `${size}: no answer (${answer.reason})`,
      means:
        'Uploads to meetings may break off: a machine on the way may refuse bodies of this size.',
      advice: 'Look for this request in the logs of each machine on the way.',
    }
  const isHidden = answer.status === 404 && small?.kind === 'answer' && small.status !== 404
  if (answer.status === 413 || isHidden)
    return {
      verdict: 'fail',
      check,
      concerns: ['desktop clients', 'browsers'],
      seen: isHidden ? `${size} gives 404, and one byte ${small.status}` : `${size} gives 413`,
      means: 'A machine on the way refuses large bodies: files cannot be uploaded to meetings.',
      advice:
        'Allow 500 MB: client_max_body_size (nginx), SecRequestBodyLimit and SecRequestBodyNoFilesLimit (ModSecurity), maxAllowedContentLength (IIS, ARR).',
    }
  return { verdict: 'pass', check, seen: `${size} gives ${answer.status}, no limit is met` }
}
