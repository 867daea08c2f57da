/** The breaks in a capture of an FTDI adapter's USB traffic: what went to the wire, whoever says what. */

/** Lengths of pcap's two headers, and the link type of a Linux USB capture with a 64-byte header (pcap-linktype(7), 220). */
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const LINKTYPE_USB_LINUX_MMAPPED = 220
/** Where things are in that header (Documentation/usb/usbmon.rst of the kernel, struct usbmon_packet). */
const USBMON = { type: 8, transfer: 9, setupAbsent: 14, timeS: 16, timeUs: 24, setup: 40, bytes: 64 }
const CONTROL_TRANSFER = 2
/** FTDI's vendor request to the adapter, "set data characteristics"; bit 14 of its value is the break (ftdi_sio.h). */
const SET_DATA = { requestType: 0x40, request: 4, breakBit: 0x4000 }

/**
 * @param capture a pcap file of QEMU's `usb-serial`; a record at its end that was cut short is passed over
 * @returns milliseconds of each break that began and ended
 * @throws Error when it is no such file
 */
export function usbBreaks(capture: Buffer): number[] {
  if (capture.length < FILE_HEADER_BYTES || capture.readUInt32LE(20) !== LINKTYPE_USB_LINUX_MMAPPED) {
    throw new Error('not a USB capture of QEMU')
  }
  const lengthsMs: number[] = []
  let beganMs: number | undefined
  for (const packet of packetsOf(capture)) {
    const isOn = breakRequest(packet)
    if (isOn === undefined) continue
    const nowMs = Number(packet.readBigInt64LE(USBMON.timeS)) * 1000 + packet.readInt32LE(USBMON.timeUs) / 1000
    if (isOn) beganMs ??= nowMs
    else if (beganMs !== undefined) {
      lengthsMs.push(nowMs - beganMs)
      beganMs = undefined
    }
  }
  return lengthsMs
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

/** Whether this packet asks for the break condition, or for its end; undefined when it asks for neither. */
function breakRequest(packet: Buffer): boolean | undefined {
  const isRequest = packet[USBMON.type] === 'S'.charCodeAt(0) && packet[USBMON.transfer] === CONTROL_TRANSFER
  if (!isRequest || packet[USBMON.setupAbsent] !== 0) return undefined
  const [requestType, request] = packet.subarray(USBMON.setup)
  if (requestType !== SET_DATA.requestType || request !== SET_DATA.request) return undefined
  return (packet.readUInt16LE(USBMON.setup + 2) & SET_DATA.breakBit) !== 0
}
