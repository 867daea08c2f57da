/** Asks on the wire for an address, and takes none: whoever answers is a DHCP server, and nftables writes its address down. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { settled } from '../runtime/waiting.ts'

/** RFC 2131, 2 and 3.1; RFC 1497 for the magic cookie. */
export function discoverMessage(transaction: Uint8Array): Buffer {
  const message = Buffer.alloc(300)
  // A question, over Ethernet, six bytes of address.
  message.set([1, 1, 6, 0])
  message.set(transaction.subarray(0, 4), 4)
  // The answer goes to everybody.
  message.writeUInt16BE(0x80_00, 10)
  // Locally administered: no card has it, and no reservation.
  message.set([0x02, 0x6f, 0x6f, ...transaction.subarray(0, 3)], 28)
  message.set([99, 130, 83, 99], 236)
  // DHCPDISCOVER; mask, router and domain wanted; the end.
  message.set([53, 1, 1, 55, 3, 1, 3, 15, 255], 240)
  return message
}

/** A packet for everybody leaves by the interface of its source address (the kernel's ip_route_output_key_hash_rcu). */
export async function askDhcp(address: string, signal: AbortSignal): Promise<void> {
  const socket = createSocket('udp4')
  try {
    const failure = await settled<Error | undefined>(signal, undefined, settle => {
      socket.once('error', settle)
      socket.bind(0, address, () => {
        socket.setBroadcast(true)
        socket.send(discoverMessage(randomBytes(4)), 67, '255.255.255.255', err => settle(err ?? undefined))
      })
    })
    if (failure !== undefined) throw failure
  } finally {
    socket.close()
  }
}
