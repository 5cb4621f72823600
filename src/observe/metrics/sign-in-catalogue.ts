/** The metrics of the sign-in guard, a part of the catalogue. */
import type { MetricDefinition } from './metric-definition.ts'

export const signInCatalogue = {
  lyncgate_sign_in_attempts_total: {
    type: 'counter',
    help: 'Tries of passwords that the sign-in guard decided about. outcome is passed, user-blocked or client-throttled.',
    labels: ['outcome'],
    merge: 'sum',
  },
  lyncgate_sign_ins_total: {
    type: 'counter',
    help: 'What became of tries of passwords that were passed on. outcome is succeeded, failed or unknown.',
    labels: ['outcome'],
    merge: 'sum',
  },
  lyncgate_sign_in_blocks_total: {
    type: 'counter',
    help: 'Blocks of the sign-in guard that have begun. kind is user or client.',
    labels: ['kind'],
    merge: 'sum',
  },
  lyncgate_sign_in_blocked: {
    type: 'gauge',
    help: 'Users or clients that are blocked now, as far as they are listed. kind is user or client.',
    labels: ['kind'],
    merge: 'sum',
  },
  lyncgate_sign_in_shared_up: {
    type: 'gauge',
    help: '1 while the server that replicas count sign-ins in answers, 0 while it does not; missing without one.',
    labels: [],
    merge: 'min',
  },
  lyncgate_sign_in_shared_errors_total: {
    type: 'counter',
    help: 'Questions to the server that replicas count sign-ins in that were not answered in time.',
    labels: [],
    merge: 'sum',
  },
} as const satisfies Record<string, MetricDefinition>
