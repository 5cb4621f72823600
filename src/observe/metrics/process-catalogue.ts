/** The part of the catalogue that is about processes. */
import type { MetricDefinition } from './metric-definition.ts'

export const processCatalogue = {
  lyncgate_workers_up: {
    type: 'gauge',
    help: 'Worker processes that run.',
    labels: [],
    merge: 'sum',
  },
  lyncgate_workers_wanted: {
    type: 'gauge',
    help: 'Worker processes that should run.',
    labels: [],
    merge: 'sum',
  },
  lyncgate_worker_restarts_total: {
    type: 'counter',
    help: 'Workers that ended by themselves and were replaced.',
    labels: [],
    merge: 'sum',
  },
  lyncgate_event_loop_lag_seconds: {
    type: 'gauge',
    help: 'How late the event loop was since the last scrape but one. statistic is mean, p99 or max.',
    labels: ['worker', 'statistic'],
    merge: 'max',
  },
  lyncgate_faults_total: {
    type: 'counter',
    help: 'Bugs outside every exchange that were survived. kind is exception or rejection.',
    labels: ['worker', 'kind'],
    merge: 'sum',
  },
  lyncgate_process_cpu_seconds_total: {
    type: 'counter',
    help: 'Processor time, user and system.',
    labels: ['worker'],
    merge: 'sum',
  },
  lyncgate_resident_memory_bytes: {
    type: 'gauge',
    help: 'Memory of the process.',
    labels: ['worker'],
    merge: 'max',
  },
  lyncgate_heap_used_bytes: {
    type: 'gauge',
    help: 'Memory that JavaScript objects take.',
    labels: ['worker'],
    merge: 'max',
  },
  lyncgate_external_memory_bytes: {
    type: 'gauge',
    help: 'Memory outside the heap that belongs to objects in it, buffers first of all.',
    labels: ['worker'],
    merge: 'max',
  },
  lyncgate_open_fds: {
    type: 'gauge',
    help: 'Open file descriptors; missing where the system does not tell.',
    labels: ['worker'],
    merge: 'max',
  },
  lyncgate_max_fds: {
    type: 'gauge',
    help: 'Open file descriptors that the process may have; missing where there is no limit or the system does not tell.',
    labels: ['worker'],
    merge: 'max',
  },
  lyncgate_process_start_time_seconds: {
    type: 'gauge',
    help: 'When the process was started.',
    labels: ['worker'],
    merge: 'max',
  },
  lyncgate_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels are the versions of lyncgate and of Node.',
    labels: ['version', 'node'],
    merge: 'max',
  },
} as const satisfies Record<string, MetricDefinition>
