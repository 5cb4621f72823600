/** What `lyncgate status` prints of servers. */
import t from 'tap'
import type { ServerStatus, Status } from '../../../src/admin/describe-status.ts'
import { formatStatus } from '../../../src/cli/status.ts'

const server: ServerStatus = {
  name: 'fe01.contoso.local:4443',
  address: 'fe01.contoso.local',
  httpPort: 8080,
  httpsPort: 4443,
  weight: 1,
  health: 'healthy',
  reason: null,
  ejectedUntil: null,
  draining: 'no',
  empty: false,
  inFlight: 3,
  pinned: 2,
  insecureSkipVerify: false,
}

const status: Status = {
  version: '0.1.0',
  pid: 1,
  startedAt: '2026-11-22T12:00:00.000Z',
  ready: true,
  file: '/etc/lyncgate/lyncgate.yaml',
  revision: 1,
  inForceSince: '2026-11-22T12:00:01.000Z',
  lastReload: null,
  connections: 5,
  healthPort: 8081,
  adminPort: 9090,
  listeners: [],
  rules: [],
  pools: [
    {
      name: 'pool01',
      affinity: 'cookie',
      servers: [
        server,
        { ...server, health: 'unhealthy', reason: 'ECONNREFUSED', draining: 'by-command' },
        { ...server, insecureSkipVerify: true, ejectedUntil: '2026-11-22T12:00:05.000Z' },
      ],
    },
  ],
  certificates: [],
  blocked: { mode: 'off', total: 0, rows: [] },
  workers: [],
}

t.test('health, and what is wrong with it', async (t) => {
  const io = { stdout: () => {}, stderr: () => {}, isTerminal: false }
  const rows = formatStatus(status, io)
    .split('\n')
    .filter((line) => line.startsWith('pool01'))
  t.equal(rows.length, 3)
  t.match(rows[0], /3 +2 +no +healthy$/)
  t.match(rows[1], /by command +unhealthy \(ECONNREFUSED\)$/)
  t.match(
    rows[2],
    /healthy, ejected until 2026-11-22 12:00:05Z, certificate not verified$/,
    'at every look',
  )
})
