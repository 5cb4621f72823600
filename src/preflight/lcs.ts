/** `preflight lcs`: what still makes sense to test for Live Communications Server 2003 and 2005. */
import { lcsOrder, walkClientRecords } from './client-walk.ts'
import { type Finding, finding, type System } from './finding.ts'
import type { Family } from './run-preflight.ts'

const concerned: readonly System[] = ['LCS', 'Communicator']

/** @param domain a SIP domain, lower case without the dot at the end */
export function lcsFamily(domain: string): Family {
  return {
    title: `Live Communications Server of ${domain}`,
    steps: [
      {
        name: 'records for clients',
        run: (world) =>
          walkClientRecords(world, {
            domain,
            order: lcsOrder,
            concerns: concerned,
            without: 'fail',
          }),
      },
      { name: 'home servers', run: async () => [homeServers(domain), orders(domain)] },
    ],
  }
}

/** Only a user who signs in is told a home server, so that this can be said but not tested. */
const homeServers = (domain: string): Finding =>
  finding({
    verdict: 'skip',
    check: 'home-server',
    subject: domain,
    seen: 'cannot be tested without signing in',
    concerns: concerned,
    means:
      'The server behind the records sends each user on to a home server, by its name. A port that is forwarded to one server covers the users of that server only.',
    advice:
      'With more than one home server publish each under an address of its own with the name in DNS and in its certificate, or put an Access Proxy in front.',
  })

const orders = (domain: string): Finding =>
  finding({
    verdict: 'skip',
    check: 'order-differs',
    subject: domain,
    seen: 'clients of 2003 and 2005 ask for _sipinternal._tcp first, later ones for _sipinternaltls._tcp',
    concerns: concerned,
    means:
      'With both records old clients sign in without encryption, later ones with it. With only one of them all do the same.',
  })
