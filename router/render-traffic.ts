/** Traffic control: what the device sends itself goes before what hosts send; pure. */

/** Kilobits a second, as the link has them. */
export interface Rates {
  up: number
  down: number
}

/** Handles of our own: a qdisc that has another one is somebody else's. */
export const HANDLES = { up: '7740:', down: '7741:' } as const

/**
 * Where nftables puts a packet of hosts. The number is of a class (tc-htb(8)), or, without rates, TC_PRIO_BULK, the last band of
 * pfifo_fast (tc-pfifo_fast(8)). What the device sends itself is not marked: it takes the first class, or an earlier band.
 */
export const CLASSES = {
  hostsUp: (isShaped: boolean) => (isShaped ? `${HANDLES.up}20` : '0:2'),
  hostsDown: (isShaped: boolean) => (isShaped ? `${HANDLES.down}20` : '0:2'),
}

/** Of the rate of the link: what is more waits in the modem, where nothing has precedence. */
const UP_SHARE = 0.95
/** Down, the queue is at the other end: TCP must be kept below the rate, so that none builds up there. The rest is the tunnel's. */
const DOWN_SHARE = 0.85
/** Of what goes up, at least for hosts, however much the device itself sends. */
const HOSTS_SHARE = 0.1
/** Milliseconds of packets of hosts that wait where the kernel has no fq_codel. */
const QUEUE_MS = 50
const PACKET_BYTES = 1_514

/**
 * Commands for `tc -batch`, which begin with a queue of nothing.
 * @param leaf the kernel's fq_codel if it has it: hosts then do not wait for each other
 */
export function renderUp(device: string, rates: Rates | undefined, leaf: Leaf): string[] {
  if (rates === undefined) return [`qdisc replace dev ${device} root handle ${HANDLES.up} pfifo_fast`]
  const total = Math.floor(rates.up * UP_SHARE)
  const hosts = Math.floor(total * HOSTS_SHARE)
  const of = (id: string) => `${HANDLES.up}${id}`
  const htb = (parent: string, id: string, rest: string) =>
    `class replace dev ${device} parent ${parent} classid ${of(id)} htb ${rest} quantum ${PACKET_BYTES}`
  return [
    `qdisc replace dev ${device} root handle ${HANDLES.up} htb default 10`,
    htb(HANDLES.up, '1', `rate ${total}kbit ceil ${total}kbit`),
    htb(of('1'), '10', `rate ${total - hosts}kbit ceil ${total}kbit prio 0`),
    htb(of('1'), '20', `rate ${hosts}kbit ceil ${total}kbit prio 1`),
    `qdisc replace dev ${device} parent ${of('20')} ${queueOf(leaf, total)}`,
  ]
}

/** On the side of the hosts: what comes for them in a class, and what the device itself tells them at full speed. */
export function renderDown(device: string, rates: Rates, leaf: Leaf): string[] {
  const hosts = Math.floor(rates.down * DOWN_SHARE)
  const of = (id: string) => `${HANDLES.down}${id}`
  const htb = (id: string, rest: string) =>
    `class replace dev ${device} parent ${HANDLES.down} classid ${of(id)} htb ${rest} quantum ${PACKET_BYTES}`
  return [
    `qdisc replace dev ${device} root handle ${HANDLES.down} htb default 10`,
    htb('10', 'rate 10gbit ceil 10gbit'),
    htb('20', `rate ${hosts}kbit ceil ${hosts}kbit`),
    `qdisc replace dev ${device} parent ${of('20')} ${queueOf(leaf, hosts)}`,
  ]
}

export type Leaf = 'fq_codel' | 'pfifo'

function queueOf(leaf: Leaf, kbit: number): string {
  if (leaf === 'fq_codel') return 'fq_codel'
  return `pfifo limit ${Math.max(10, Math.ceil((kbit * QUEUE_MS) / 8 / PACKET_BYTES))}`
}
