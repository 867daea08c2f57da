/**
 * Accepts clients that send the first packet of a key exchange before they know the server's list, as dropbear does.
 */
import type { Connection } from 'ssh2'
import { readString } from '../../formats/ssh-key.ts'

/** The ssh2 internals that are used here: pinned by the exact version, and by a test with a real client. */
interface Insides {
  _protocol: {
    _skipNextInboundPacket: boolean
    _offer: { lists: Record<'kex' | 'serverHostKey', { array: string[] }> }
    /** The client's KEXINIT, whole. */
    _kex: { _remoteKexinit: Buffer }
  }
}

/** Bytes of a KEXINIT before its lists: the message number and the cookie (RFC 4253, section 7.1). */
const HEAD_BYTES = 17

/**
 * ssh2 takes every guess for a wrong one (it compares a name with its own first letter), drops the packet and waits for
 * it for ever. Must be called synchronously in the server's `connection` event.
 */
export function honourGuesses(connection: Connection): void {
  const { _protocol: protocol } = connection as unknown as Insides
  let skips = false
  Object.defineProperty(protocol, '_skipNextInboundPacket', {
    // ssh2 reads this at each packet, and so at the one after the KEXINIT.
    get: () => {
      if (skips && isRightGuess(protocol)) skips = false
      return skips
    },
    set: (value: boolean) => {
      skips = value
    },
  })
}

/** Right when both sides prefer the same key exchange and the same kind of host key (RFC 4253, section 7). */
function isRightGuess({ _kex: kex, _offer: offer }: Insides['_protocol']): boolean {
  const [kexNames, hostKeyNames] = firstLists(kex._remoteKexinit)
  return kexNames?.[0] === offer.lists.kex.array[0] && hostKeyNames?.[0] === offer.lists.serverHostKey.array[0]
}

function firstLists(kexInit: Buffer): (string[] | undefined)[] {
  const kex = readString(kexInit, HEAD_BYTES)
  const hostKey = kex && readString(kexInit, kex.end)
  return [kex, hostKey].map(list => list?.value.toString('latin1').split(','))
}
