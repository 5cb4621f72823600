/** The law of the house, as data. Each exception has its reason; one that is no longer needed fails a test. */

/** From the bottom up: a folder imports only from lines above its own here. */
export const order: readonly (readonly string[])[] = [
  ['base', 'ntlm'],
  ['observe'],
  ['config'],
  ['routing', 'policy', 'pools', 'certificates', 'guard'],
  ['health', 'forward', 'acme'],
  ['trace'],
  ['pipeline', 'streams'],
  ['listeners'],
  ['runtime'],
  ['workers'],
  ['admin', 'preflight', 'topology', 'lab', 'cli'],
  ['main.ts'],
]

export interface NeighbourImport {
  readonly from: string
  readonly to: string
  readonly reason: string
}

/** Imports from a neighbour on the same line. */
export const neighbours: readonly NeighbourImport[] = [
  { from: 'cli', to: 'lab', reason: 'lyncgate demo starts the stand-in deployment' },
  { from: 'cli', to: 'preflight', reason: 'lyncgate preflight runs the checks' },
  { from: 'cli', to: 'topology', reason: 'init turns a topology into a rules file' },
  { from: 'cli', to: 'admin', reason: 'run opens the admin address, and commands ask it' },
]

export interface PackageHome {
  readonly name: string
  /** Beginnings of paths below `src`. */
  readonly homes: readonly string[]
}

/** Every package from outside, and who may know it. */
export const packages: readonly PackageHome[] = [
  { name: 'http-proxy', homes: ['forward/upgrade.ts'] },
  { name: 'fastify', homes: ['listeners/', 'runtime/health-server.ts', 'admin/'] },
  { name: 'yaml', homes: ['config/'] },
  { name: 'zod', homes: ['config/'] },
  { name: 'uplot', homes: ['admin/page-files.ts'] },
  { name: 'pino', homes: ['observe/'] },
  { name: 'prom-client', homes: ['observe/metrics/render-metrics.ts'] },
  { name: '@rgrove/parse-xml', homes: ['topology/read-xml.ts'] },
  { name: '@clack/prompts', homes: ['cli/init-prompts.ts'] },
  { name: '@redis/client', homes: ['guard/redis-store.ts'] },
  { name: '@peculiar/x509', homes: ['lab/', 'acme/certificate-request.ts'] },
]

export interface OutsideFact {
  /** How it looks in the source. */
  readonly pattern: RegExp
  /** Beginnings of paths below `src`, and why there. */
  readonly places: Readonly<Record<string, string>>
}

/** Time, chance and environment come in as arguments; these are the places where they come from. */
export const outsideFacts: readonly OutsideFact[] = [
  {
    pattern: /\bMath\.random\b/,
    places: {
      'runtime/start-active-checks.ts': 'the jitter of health checks',
      'runtime/start-acme.ts': 'the jitter of renewals',
      'runtime/start-stapling.ts': 'replicas ask OCSP responders at different times',
    },
  },
  { pattern: /\bprocess\.env\b/, places: {} },
  {
    pattern: /\bDate\.now\b/,
    places: {
      'runtime/local-traffic.ts': 'keys of session tickets change with the time of day',
      'lab/': 'the stand-in deployment issues tickets and certificates of today',
      'runtime/start-acme.ts': 'certificates expire by the clock on the wall',
    },
  },
  {
    pattern: /\bnew Date\(\)/,
    places: {
      'lab/': 'as above',
      'cli/': 'where today comes in, to be handed on',
      'ntlm/ntlm-client.ts':
        'an answer to a challenge holds the time, unless the server told its own',
      'runtime/runtime.ts': 'the end of certificates, while it runs',
      'pipeline/respond.ts': 'the Date field of an answer of ours',
      'pipeline/answer-blocked.ts': 'as above',
    },
  },
  {
    pattern: /\bperformance\.now\b/,
    places: {
      'lab/': 'as above',
      'pipeline/exchange.ts': 'the one monotonic clock of exchanges',
      'preflight/open-surroundings.ts': 'how long a silent connection lasted, handed to the probe',
    },
  },
]

export const maxLines = 300

/** Names that say nothing. */
export const emptyNames = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared']
