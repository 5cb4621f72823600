/** Which outcomes of exchanges an administrator counts as what. */
import { type FailureCode, failureOf, failures } from '../../base/failure.ts'

const sideOf = (outcome: string): 'client' | 'backend' | 'proxy' | undefined =>
  Object.hasOwn(failures, outcome) ? failureOf(outcome as FailureCode).side : undefined

/** A client that went away was refused nothing. */
export const isRefusal = (outcome: string): boolean =>
  sideOf(outcome) === 'client' && outcome !== 'client-left'

/** A server or the proxy itself could not do what it is there for. */
export const isTrouble = (outcome: string): boolean =>
  sideOf(outcome) === 'backend' || sideOf(outcome) === 'proxy'
