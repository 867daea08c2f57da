/** `oobm doctor` on serial lines: whether they can be opened, and whether their names can change. */
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import spawn from 'nano-spawn'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { shownPath } from '../../formats/line-path.ts'
import { isKernelNumbered, unusualSpeed } from '../../formats/serial-path.ts'
import { lineAt } from '../../formats/usb-binding.ts'
import { USB_SCHEME, usbPortOfPath } from '../../formats/usb-port.ts'
import { errorCode } from '../../runtime/errors.ts'
import { lookAtUsb } from '../../runtime/usb-serial.ts'
import { type Adapter, bindingOf } from '../adapters/list-adapters.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'

/** Whether a console's device file can be opened by the console bridge. */
export async function checkSerial(console: ConsoleConfig, kernel: { sysfs: string; dev: string }): Promise<Finding> {
  const what = `console ${console.name}`
  const port = usbPortOfPath(console.path)
  if (port === undefined) return checkFile(what, console.path, console.path)
  const found = lineAt(await lookAtUsb(kernel.sysfs), port)
  const see = 'plug the serial adapter in there: "oobm console adapters" shows what is plugged in, and where'
  if (found.line === undefined) return wrong(what, found.cause, see)
  return checkFile(what, join(kernel.dev, found.line.tty), `${console.path}, ${join(kernel.dev, found.line.tty)}`)
}

/** @param shown how it is called when all is well */
async function checkFile(what: string, path: string, shown: string): Promise<Finding> {
  if (!path.startsWith('/')) return ok(what, `${shownPath(path)} is not a device file`)
  try {
    const [file, dialout] = await Promise.all([stat(path), groupId('dialout')])
    if (!file.isCharacterDevice())
      return wrong(what, `${path} is not a serial port`, 'correct the path of this console in oobm.toml')
    if (dialout !== undefined && (file.gid !== dialout || (file.mode & 0o060) !== 0o060)) {
      return wrong(
        what,
        `${path} cannot be opened by the group dialout`,
        `sudo chgrp dialout ${path} && sudo chmod 660 ${path}`,
      )
    }
    return ok(what, shown)
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') throw err
    return wrong(
      what,
      `there is no ${path}`,
      'plug the serial adapter in, or correct the path: "oobm console adapters" shows what is plugged in',
    )
  }
}

async function groupId(group: string): Promise<number | undefined> {
  const { stdout } = await spawn('getent', ['group', group], { timeout: 10_000 }).catch(() => ({ stdout: '' }))
  return stdout === '' ? undefined : Number(stdout.split(':')[2])
}

/** Names that may mean another line after the next boot, two names of one line, and unusual speeds. */
export async function checkSerialNames(
  consoles: readonly ConsoleConfig[],
  adapters: readonly Adapter[],
): Promise<Finding[]> {
  const nodes = await Promise.all(consoles.map(console => nodeOf(console, adapters)))
  const findings: Finding[] = []
  for (const [at, { name, path, baudRate }] of consoles.entries()) {
    const what = `console ${name}`
    const node = nodes[at]
    const first = consoles[nodes.indexOf(node)]
    if (node !== undefined && first !== undefined && first.name !== name) {
      const detail = `${path} and ${first.path}, the path of ${first.name}, are one serial port: ${node}`
      findings.push(wrong(what, detail, 'ask the operator for an oobm.toml in which each console has its own path'))
    }
    const adapter = adapters.find(({ tty }) => tty === node)
    const doubt = doubtAbout(path, adapter)
    if (doubt !== undefined) findings.push(warning(what, doubt, remedyFor(adapter)))
    const usual = unusualSpeed(baudRate)
    if (usual !== undefined) {
      findings.push(
        warning(what, `${baudRate} bits per second is unusual`, `ask the operator whether ${usual} is meant`),
      )
    }
  }
  return findings
}

/** The device file that a console has now; undefined where there is none. */
async function nodeOf({ path }: ConsoleConfig, adapters: readonly Adapter[]): Promise<string | undefined> {
  if (usbPortOfPath(path) !== undefined) return adapters.find(({ port }) => path === `${USB_SCHEME}:${port}`)?.tty
  return path.startsWith('/') ? realpath(path).catch(() => undefined) : undefined
}

/** Why this name may mean another adapter. */
function doubtAbout(path: string, adapter: Adapter | undefined): string | undefined {
  if (isKernelNumbered(path)) return `the kernel numbers ${path}: after the next boot it may be another adapter`
  if (basename(dirname(path)) !== 'by-id' || adapter === undefined) return undefined
  if (adapter.shared) return `several adapters of this device have the name ${path}: it opens none of them`
  if (adapter.serialNumber !== null) return undefined
  return `the adapter has no serial number: another one of its kind has the same name, ${path}`
}

function remedyFor(adapter: Adapter | undefined): string {
  if (adapter === undefined)
    return 'plug it in, run "oobm console adapters", and ask the operator to use what "oobm console name" prints'
  const { key, value } = bindingOf(adapter)
  return `ask the operator to set ${key} = "${value}"${key === 'usb' ? ' in place of path' : ''}`
}
