/** What a new board says of itself: its public keys, and the adapters that are plugged in. */
import { readFile } from 'node:fs/promises'
import type { DeviceConfig } from '../../formats/device-config.ts'
import type { EnrolmentRequest, SeenAdapter } from '../../formats/enrolment.ts'
import { publicKeyOf } from '../../formats/private-key.ts'
import { portText } from '../../formats/usb-binding.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { lookAtUsb } from '../../runtime/usb-serial.ts'
import { VERSION } from '../../runtime/version.ts'
import type { Answer } from '../ssh/connection.ts'

/** Adapters and characters of each text: an adapter says what it likes. */
const ADAPTERS_MAX = 32
const TEXT_MAX = 60

/** @returns what is sent; or why it cannot be said */
export async function ownRequest(
  { enrolment, bridge, shell }: DeviceConfig,
  relayKey: string | Buffer | undefined,
  sysfs: string,
): Promise<Answer<EnrolmentRequest>> {
  const own = relayKey === undefined ? undefined : publicKeyOf(String(relayKey))
  if (enrolment?.board === undefined || own === undefined)
    return { ok: false, cause: 'this board has no keys of its own: write its card anew' }
  const line = await readFile(shell.hostKeyFile, 'utf8').catch((err: unknown) => err)
  if (typeof line !== 'string')
    return { ok: false, cause: `the host key of this board's sshd cannot be read: ${errorMessage(line)}` }
  const { site, board } = enrolment
  const keys = { relayKey: own, bridgeHostKey: bridge.hostKey, shellHostKey: keyOf(line) }
  return { ok: true, value: { ...keys, site, board, software: VERSION, adapters: await seenAdapters(sysfs) } }
}

async function seenAdapters(sysfs: string): Promise<SeenAdapter[]> {
  const look = await lookAtUsb(sysfs)
  return look.lines.slice(0, ADAPTERS_MAX).map(line => ({
    usb: portText(look, line),
    product: printable(line.device.product ?? '', TEXT_MAX),
    serial: printable(line.device.serial ?? '', TEXT_MAX),
  }))
}

/** Without its comment. */
function keyOf(line: string): string {
  return line.trim().split(' ').slice(0, 2).join(' ')
}
