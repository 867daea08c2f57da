/** Algorithms that a relay's sshd offers and nobody needs: only advice for a shared relay, whose sshd is not ours to set. */

import type { Relay } from '../../fleet/fleet-config.ts'
import { algorithmSettings, type Offer, superfluous } from '../../relay/dedicated/algorithms.ts'
import type { Finding } from './finding.ts'

const GOOD = 'its sshd offers no weak algorithms, and none that are slow before a login'
const BAD = 'its sshd offers algorithms that are weak, or slow before a login'

/** @param said what `ssh -vv` said */
export function lookAtAlgorithms(said: string, { accounts, name }: Relay): Finding {
  const offer = offerIn(said)
  if (offer === undefined)
    return { result: 'untried', what: GOOD, advice: 'this ssh does not show what a server offers' }
  const more = superfluous(offer)
  if (more.length === 0 && !compresses(said)) return { result: 'ok', what: GOOD }
  const names = [...more, ...(compresses(said) ? ['compression'] : [])].join(', ')
  if (accounts === 'dedicated') {
    return { result: 'WRONG', what: BAD, advice: `${names}; run "oobm-relay push ${name}"` }
  }
  const lines = [...algorithmSettings(offer), 'Compression no'].map(line => `\n      ${line}`).join('')
  const advice = `${names}. If nobody else needs them, root can set, before every Match block:${lines}`
  return { result: 'advice', what: BAD, advice }
}

/** The second proposal is the server's; `debug2` lines of OpenSSH's client. */
function offerIn(said: string): Offer | undefined {
  const proposal = serversProposal(said)
  const list = (what: string) => new RegExp(`^debug2: ${what}: (\\S+)`, 'm').exec(proposal)?.[1]?.split(',')
  const [kex, ciphers, macs] = [list('KEX algorithms'), list('ciphers stoc'), list('MACs stoc')]
  return kex && ciphers && macs && { KexAlgorithms: kex, Ciphers: ciphers, MACs: macs }
}

function compresses(said: string): boolean {
  return /^debug2: compression stoc: .*zlib/m.test(serversProposal(said))
}

function serversProposal(said: string): string {
  // `reserved` is its last field; OpenSSH 10 goes on with another proposal of its own.
  return said.split('peer server KEXINIT proposal')[1]?.split(/^debug2: reserved /m)[0] ?? ''
}
