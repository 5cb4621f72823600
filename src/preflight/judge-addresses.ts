/** Can those outside reach what DNS says? */
import type { Judgement } from './finding.ts'
import { isSpecialAddress } from './reachable-address.ts'

/** @param trouble what it means and what to do where they cannot */
export function judgeAddresses(
  addresses: readonly string[],
  isOutside: boolean,
  trouble: Required<Pick<Judgement, 'check' | 'means' | 'advice'>>,
): Judgement {
  const { check } = trouble
  const seen = addresses.join(', ')
  if (!isOutside || !addresses.some(isSpecialAddress)) return { verdict: 'pass', check, seen }
  return { verdict: 'fail', ...trouble, seen: `${seen}: cannot be reached from the Internet` }
}
