/** The serial number of the board, by which a file on a card is its own. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** From the firmware: proc-device-tree ends it with a zero byte. */
export async function readSerial(root: string): Promise<string | undefined> {
  for (const path of ['/proc/device-tree/serial-number', '/sys/class/dmi/id/product_serial']) {
    const text = await readFile(join(root, path), 'latin1').catch(() => '')
    const serial = text.replace(/\0/g, '').trim()
    if (/^[0-9A-Za-z]+$/.test(serial)) return serial
  }
  return undefined
}

/** The host name of a board without settings: 63 bytes at most (RFC 1035, 2.3.4). */
export function serialName(serial: string): string {
  return `oobm-${serial.toLowerCase()}`.slice(0, 63)
}

/** Whether it is the host name of a fresh image, or the one that this or another board got by its serial number. */
export function isNameOfImage(name: string): boolean {
  return /^oobm(-[0-9a-z]+)?$/.test(name)
}
