/** What a capture of an FTDI adapter's USB traffic has of its lines: what went to the wire, whoever says what. Pure. */

/** Lengths of pcap's two headers, and the link type of a Linux USB capture with a 64-byte header (pcap-linktype(7), 220). */
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const LINKTYPE_USB_LINUX_MMAPPED = 220
/** Where things are in that header (Documentation/usb/usbmon.rst of the kernel, struct usbmon_packet). */
const USBMON = { type: 8, transfer: 9, setupAbsent: 14, timeS: 16, timeUs: 24, setup: 40, bytes: 64 }
const CONTROL_TRANSFER = 2
/** FTDI's vendor requests to the adapter (ftdi_sio.h): which bits of the value set which line, where the mask has them. */
const TO_ADAPTER = 0x40
const SET_MODEM_CTRL = { request: 1, lines: { dtr: 0x01, rts: 0x02 }, maskShift: 8 }
const SET_DATA = { request: 4, breakBit: 0x4000 }

/** The lines that the adapter drives, and since when: milliseconds. */
export interface Lines {
  atMs: number
  dtr: boolean
  rts: boolean
  break: boolean
}

/**
 * @param capture a pcap file of QEMU's `usb-serial`; a record at its end that was cut short is passed over
 * @returns one for each request that sets a line, also to what it was before; at power on, all are off
 * @throws Error when it is no such file
 */
export function* lineRequests(capture: Buffer): Generator<Lines> {
  if (capture.length < FILE_HEADER_BYTES || capture.readUInt32LE(20) !== LINKTYPE_USB_LINUX_MMAPPED) {
    throw new Error('not a USB capture of QEMU')
  }
  let lines = { dtr: false, rts: false, break: false }
  for (const packet of packetsOf(capture)) {
    const isRequest = packet[USBMON.type] === 'S'.charCodeAt(0) && packet[USBMON.transfer] === CONTROL_TRANSFER
    if (!isRequest || packet[USBMON.setupAbsent] !== 0 || packet[USBMON.setup] !== TO_ADAPTER) continue
    const changed = applied(lines, packet[USBMON.setup + 1], packet.readUInt16LE(USBMON.setup + 2))
    if (!changed) continue
    lines = changed
    const atMs = Number(packet.readBigInt64LE(USBMON.timeS)) * 1000 + packet.readInt32LE(USBMON.timeUs) / 1000
    yield { atMs, ...lines }
  }
}

/** @returns milliseconds of each break that began and ended */
export function usbBreaks(capture: Buffer): number[] {
  const lengthsMs: number[] = []
  let beganMs: number | undefined
  for (const { atMs, break: isOn } of lineRequests(capture)) {
    if (isOn) beganMs ??= atMs
    else if (beganMs !== undefined) {
      lengthsMs.push(atMs - beganMs)
      beganMs = undefined
    }
  }
  return lengthsMs
}

type State = Omit<Lines, 'atMs'>

/** @returns undefined for a request that sets none of them */
function applied(lines: State, request: number | undefined, value: number): State | undefined {
  switch (request) {
    case SET_DATA.request:
      return { ...lines, break: (value & SET_DATA.breakBit) !== 0 }
    case SET_MODEM_CTRL.request: {
      const next = (name: 'dtr' | 'rts') => {
        const bit = SET_MODEM_CTRL.lines[name]
        return (value & (bit << SET_MODEM_CTRL.maskShift)) === 0 ? lines[name] : (value & bit) !== 0
      }
      return { ...lines, dtr: next('dtr'), rts: next('rts') }
    }
    default:
      return undefined
  }
}

function* packetsOf(capture: Buffer): Generator<Buffer> {
  for (let at = FILE_HEADER_BYTES; at + RECORD_HEADER_BYTES <= capture.length; ) {
    const length = capture.readUInt32LE(at + 8)
    const packet = capture.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length)
    if (packet.length < length) return
    if (length >= USBMON.bytes) yield packet
    at += RECORD_HEADER_BYTES + length
  }
}
