/** What a run says about growth, as Markdown. */
import { type Costs, checkOf, costsOf, type Load, loadOf, usersOn } from '../growth-model.ts'
import type { Run } from '../results.ts'
import { figure, table } from './tables.ts'

const USERS = [1_000, 5_000, 10_000, 20_000, 40_000, 80_000]
/** One core, small machines, a larger one. */
const CORES = [1, 2, 4, 8, 16]
const WHOLE = 80_000

export function growthSection(run: Run): string {
  const costs = costsOf(run)
  if (!costs) return 'This run has left out rows that the arithmetic needs.'
  return [
    `Costs, from the run of ${run.facts.date} (${run.facts.mode}):`,
    costTable(costs),
    'Users, all of them on one machine:',
    table(
      [
        'users',
        'connections',
        'cores, steady',
        'with meetings',
        'coming back',
        'workers',
        'memory, GB',
        'file descriptors',
      ],
      USERS.map((users) => loadCells(loadOf(users, costs))),
    ),
    `What cores carry, and replicas for ${thousands(WHOLE)} users. One replica more than needed, so that one may be missing:`,
    table(
      [
        'cores of a replica',
        'users on one',
        `replicas for ${thousands(WHOLE)}`,
        'users on each, one missing',
        'memory of each, GB',
        'file descriptors of each',
      ],
      CORES.map((cores) => replicaCells(cores, costs)),
    ),
    checkText(run),
  ].join('\n\n')
}

function costTable(costs: Costs): string {
  const us = (value: number): string => `${figure(value)} µs`
  return table(
    ['lyncgate', 'cost'],
    [
      ['small request', us(costs.request)],
      ['renewal of a pending GET, when all are answered at once', us(costs.renewal)],
      ['new connection, full handshake, with a request', us(costs.fullConnection)],
      ['new connection, session resumed, with a request', us(costs.resumedConnection)],
      ['sign-in with NTLM, new connection, three requests', us(costs.signIn)],
      ['answer of 64 KB', us(costs.largeAnswer)],
      ['memory of a connection', `${figure(costs.bytesPerConnection / 1000)} KB`],
      [
        'memory of primary and one worker without connections',
        `${figure(costs.baseBytes / 1e6)} MB`,
      ],
      ['CPU of 1,000 idle connections', `${figure(costs.idleShare * 1000 * 100)} % of a core`],
    ],
  )
}

const loadCells = (load: Load): string[] => [
  thousands(load.users),
  thousands(load.connections),
  figure(load.steadyCores),
  figure(load.meetingCores),
  figure(load.stormCores),
  String(load.workers),
  figure(load.memoryBytes / 1e9),
  thousands(load.fileDescriptors),
]

function replicaCells(cores: number, costs: Costs): string[] {
  const most = usersOn(cores, costs)
  const needed = Math.ceil(WHOLE / most)
  const each = Math.ceil(WHOLE / needed)
  const { memoryBytes, fileDescriptors } = loadOf(each, costs)
  return [
    String(cores),
    thousands(most),
    String(needed + 1),
    thousands(each),
    figure(memoryBytes / 1e9),
    thousands(fileDescriptors),
  ]
}

function checkText(run: Run): string {
  const check = checkOf(run)
  if (!check) return ''
  const { polls, predictedSeconds, measuredSeconds } = check
  const ratio = figure(measuredSeconds / predictedSeconds)
  return `Checked with ${thousands(polls)} real connections: all their pending requests were answered at once and renewed at once. A small request each would predict ${figure(predictedSeconds)} s of CPU; it was ${figure(measuredSeconds)} s, ${ratio} times as much. The tables above reckon with the measured one.`
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en-US')
