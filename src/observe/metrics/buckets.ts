/** Upper bounds of the buckets of histograms, seconds, ascending. */

/**
 * From a small answer to a large transfer. Above ten seconds conversations are long polls, which end when a timer of
 * the client or of Lync does: 180 s, 900 s (UCWA events), 960 s (our timeouts.response). Each of these lies in the
 * middle of a bucket, never on a bound, so that a second more or less moves nothing from one bucket to the next.
 */
export const EXCHANGE_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 150, 210, 600, 840, 930, 990,
  1800,
]

/**
 * From the same rack to the other side of the world. The default time-out is 5 s and the next server is tried after it:
 * with one dead server a connect lies in the bucket up to 6 s, with two in that up to 11 s.
 */
export const CONNECT_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4, 6, 11, 16,
]
