/**
 * Every metric that lyncgate has, as data: docs/metrics.md has the same table, and a test compares the two.
 *
 * No label takes a value from the Internet: rules, pools, servers, listeners and certificates come from the file, all
 * others are short lists of our own. Memory and the size of a scrape are therefore bounded by the file.
 */
import { CONNECT_SECONDS, EXCHANGE_SECONDS } from './buckets.ts'

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** One sentence, as Prometheus shows it. */
  readonly help: string
  readonly labels: readonly string[]
  /** How values of several processes with the same labels become one. */
  readonly merge: 'sum' | 'min' | 'max'
  /** Upper bounds of a histogram, seconds, ascending; +Inf is understood. */
  readonly buckets?: readonly number[]
}

export const catalogue = {
  lyncgate_exchanges_total: {
    type: 'counter',
    help: 'Exchanges that have ended. outcome is done or a code of docs/errors.md; status_class is none where no answer was given.',
    labels: ['rule', 'status_class', 'outcome'],
    merge: 'sum',
  },
  lyncgate_exchange_duration_seconds: {
    type: 'histogram',
    help: 'From the arrival of the request head to the end of the exchange; tunnels are left out.',
    labels: ['rule'],
    merge: 'sum',
    buckets: EXCHANGE_SECONDS,
  },
  lyncgate_first_byte_seconds: {
    type: 'histogram',
    help: 'From the arrival of the request head to the head of the answer of the server.',
    labels: ['rule'],
    merge: 'sum',
    buckets: EXCHANGE_SECONDS,
  },
  lyncgate_connect_seconds: {
    type: 'histogram',
    help: 'From the arrival of the request head to a new connection to a server, TLS and failed attempts included.',
    labels: ['rule'],
    merge: 'sum',
    buckets: CONNECT_SECONDS,
  },
  lyncgate_request_bytes_total: {
    type: 'counter',
    help: 'Bytes of request bodies, and all bytes from clients in tunnels, counted when the exchange ends.',
    labels: ['rule'],
    merge: 'sum',
  },
  lyncgate_response_bytes_total: {
    type: 'counter',
    help: 'Bytes of bodies of answers, and all bytes to clients in tunnels, counted when the exchange ends.',
    labels: ['rule'],
    merge: 'sum',
  },
  lyncgate_unreadable_requests_total: {
    type: 'counter',
    help: 'Refusals of bytes that are not a request, by their code; they belong to no exchange.',
    labels: ['outcome'],
    merge: 'sum',
  },
  lyncgate_running_exchanges: {
    type: 'gauge',
    help: 'Exchanges in progress, long polls and tunnels included.',
    labels: ['rule'],
    merge: 'sum',
  },
  lyncgate_long_polls: {
    type: 'gauge',
    help: 'Exchanges whose request is complete and that have waited for the answer of the server for more than 10 seconds.',
    labels: ['rule'],
    merge: 'sum',
  },
  lyncgate_tunnels: {
    type: 'gauge',
    help: 'Open tunnels (WebSockets).',
    labels: ['rule'],
    merge: 'sum',
  },
  lyncgate_client_connections: {
    type: 'gauge',
    help: 'Open client connections, those that are idle included.',
    labels: ['listener'],
    merge: 'sum',
  },
  lyncgate_handshakes_in_progress: {
    type: 'gauge',
    help: 'Accepted connections whose TLS handshake has not ended yet.',
    labels: [],
    merge: 'sum',
  },
  lyncgate_connections_refused_total: {
    type: 'counter',
    help: 'Connections closed at once because limits.connections or limits.connectionsPerClient was reached.',
    labels: [],
    merge: 'sum',
  },
  lyncgate_pins: {
    type: 'gauge',
    help: 'Client connections bound to a server by a sign-in (NTLM, Negotiate, Kerberos).',
    labels: ['pool'],
    merge: 'sum',
  },
  lyncgate_tls_handshakes_total: {
    type: 'counter',
    help: 'TLS handshakes with clients. outcome is done, name-refused, timeout, client-left or failed; version is empty unless done.',
    labels: ['version', 'outcome'],
    merge: 'sum',
  },
  lyncgate_tls_resumptions_total: {
    type: 'counter',
    help: 'TLS handshakes with clients that resumed a session.',
    labels: ['version'],
    merge: 'sum',
  },
  lyncgate_stream_connections: {
    type: 'gauge',
    help: 'Open connections of a stream.',
    labels: ['stream'],
    merge: 'sum',
  },
  lyncgate_stream_connections_total: {
    type: 'counter',
    help: 'Connections of a stream that have ended, or were refused. outcome is one of docs/streams.md.',
    labels: ['stream', 'outcome'],
    merge: 'sum',
  },
  lyncgate_stream_bytes_total: {
    type: 'counter',
    help: 'Bytes of a stream, counted when a connection ends. from is client or server.',
    labels: ['stream', 'from'],
    merge: 'sum',
  },
  lyncgate_server_in_flight: {
    type: 'gauge',
    help: 'Exchanges, tunnels and connections of streams in progress on a server.',
    labels: ['pool', 'server'],
    merge: 'sum',
  },
  lyncgate_server_healthy: {
    type: 'gauge',
    help: '1 if the last checks of a server were good or it is not checked, else 0. Of several workers the worst.',
    labels: ['pool', 'server'],
    merge: 'min',
  },
  lyncgate_server_ejected: {
    type: 'gauge',
    help: '1 while real traffic has ejected a server, in any worker, else 0.',
    labels: ['pool', 'server'],
    merge: 'max',
  },
  lyncgate_server_draining: {
    type: 'gauge',
    help: '1 while a server drains, else 0.',
    labels: ['pool', 'server'],
    merge: 'max',
  },
  lyncgate_server_ejections_total: {
    type: 'counter',
    help: 'How often real traffic has ejected a server.',
    labels: ['pool', 'server'],
    merge: 'sum',
  },
  lyncgate_server_connects_total: {
    type: 'counter',
    help: 'Attempts of real traffic to connect to a server, TLS included. outcome is connected or failed.',
    labels: ['pool', 'server', 'outcome'],
    merge: 'sum',
  },
  lyncgate_certificate_not_after_timestamp_seconds: {
    type: 'gauge',
    help: 'When a certificate of the file expires; name is the first name in it.',
    labels: ['name'],
    merge: 'min',
  },
  lyncgate_ocsp_response_expiry_timestamp_seconds: {
    type: 'gauge',
    help: 'Until when the OCSP response of a certificate can be stapled, 0 if there is none; name is the first name in it.',
    labels: ['name'],
    merge: 'min',
  },
  lyncgate_ocsp_fetches_total: {
    type: 'counter',
    help: 'Questions to OCSP responders. outcome is good, revoked, unknown, unusable (an answer that cannot be stapled) or unreachable.',
    labels: ['outcome'],
    merge: 'sum',
  },
  lyncgate_configuration_revision: {
    type: 'gauge',
    help: 'The configuration in force, as in the log; of several workers the oldest.',
    labels: [],
    merge: 'min',
  },
  lyncgate_configuration_reloads_total: {
    type: 'counter',
    help: 'Reloads. trigger is signal, file, command or acme; outcome is reloaded, unchanged, failed or stopping.',
    labels: ['trigger', 'outcome'],
    merge: 'sum',
  },
  lyncgate_configuration_last_reload_successful: {
    type: 'gauge',
    help: '1 if the files on disk could be used when they were last read, else 0.',
    labels: [],
    merge: 'min',
  },
  lyncgate_configuration_last_reload_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the files on disk were last read and could be used.',
    labels: [],
    merge: 'max',
  },
  lyncgate_configuration_last_reload_duration_seconds: {
    type: 'gauge',
    help: 'How long the last reload took; 0 before the first one.',
    labels: [],
    merge: 'max',
  },
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

export type MetricName = keyof typeof catalogue

/** The catalogue entry of a metric. */
export const definitionOf = (name: MetricName): MetricDefinition => catalogue[name]
