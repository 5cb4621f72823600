/** What it means where a chain leads. */
import type { Chain } from './chain.ts'
import type { Judgement } from './finding.ts'
import { visible } from './visible.ts'

const check = 'certificate-chain'

/** @param sent how many certificates the server sends, its own included */
export function judgeChain(chain: Chain, sent: number): Judgement {
  switch (chain.kind) {
    case 'complete':
      return judgeComplete(chain, sent)
    case 'self-signed':
      return {
        verdict: 'fail',
        check,
        seen: 'signed by itself',
        means: 'Nobody has a reason to trust it.',
        advice: 'Use a certificate of a public authority.',
      }
    case 'unknown-root':
      return {
        verdict: 'fail',
        check,
        seen: `leads to ${shown(chain.root)}, which is no public authority`,
        means: 'Only partners who were given this root accept it.',
        advice:
          'Use a certificate of a public authority, or give partners the root. If it is meant so, name it with --ca.',
      }
    case 'incomplete':
      return {
        verdict: 'fail',
        check,
        seen: `${sent} sent, but not that of the issuer ${shown(chain.missing)}`,
        means:
          'Partners that do not have it already cannot follow the chain. Windows may fetch it by itself, if it is let out to the Internet; others never do.',
        advice:
          'Put the intermediate certificate into the store for intermediate authorities of the server, then restart the service.',
      }
    case 'issuer-expired':
      return {
        verdict: 'fail',
        check,
        seen: `the certificate of the issuer ${shown(chain.issuer)} is out of its time (until ${chain.until.toISOString().slice(0, 10)})`,
        means: 'Partners cannot follow the chain.',
        advice: 'Replace the intermediate certificate on the server by the current one.',
      }
  }
}

function judgeComplete(chain: Extract<Chain, { kind: 'complete' }>, sent: number): Judgement {
  const seen = `${sent} sent, leads to ${shown(chain.root)}`
  if (chain.source === 'public') return { verdict: 'pass', check, seen }
  if (chain.source === 'given') return { verdict: 'pass', check, seen: `${seen} (from --ca)` }
  return {
    verdict: 'warn',
    check,
    seen: `${seen}, which this machine trusts but the public list does not have`,
    means: 'Partners may not know this authority.',
    advice: 'Use a certificate of a public authority, or give partners the root.',
  }
}

const shown = (name: string): string => `"${visible(name, 80)}"`
