/** `oobm doctor` on serial lines: whether they can be opened, and whether their names can change. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import spawn from 'nano-spawn'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { isKernelNumbered, unusualSpeed } from '../../formats/serial-path.ts'
import { errorCode } from '../../runtime/errors.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'

/** Whether a console's device file can be opened by the console bridge. */
export async function checkSerial({ name, path }: ConsoleConfig): Promise<Finding> {
  const what = `console ${name}`
  if (!path.startsWith('/')) return ok(what, `${path} is not a device file`)
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
    return ok(what, path)
  } catch (err) {
    if (errorCode(err) !== 'ENOENT') throw err
    return wrong(
      what,
      `there is no ${path}`,
      'plug the serial adapter in, or correct the path: "ls -l /dev/serial/by-id" shows what is plugged in',
    )
  }
}

async function groupId(group: string): Promise<number | undefined> {
  const { stdout } = await spawn('getent', ['group', group], { timeout: 10_000 }).catch(() => ({ stdout: '' }))
  return stdout === '' ? undefined : Number(stdout.split(':')[2])
}

/** Where udev keeps names that do not change (60-serial.rules): by the adapter, and by the socket that it is in. */
const SERIAL = '/dev/serial'
const STABLE_FOLDERS = ['by-id', 'by-path'] as const

/** Names that may mean another line after the next boot, two names of one line, and unusual speeds. */
export async function checkSerialNames(consoles: readonly ConsoleConfig[], folder = SERIAL): Promise<Finding[]> {
  const nodes = await Promise.all(consoles.map(({ path }) => nodeOf(path)))
  const findings: Finding[] = []
  for (const [at, { name, path, baudRate }] of consoles.entries()) {
    const what = `console ${name}`
    const node = nodes[at]
    const first = consoles[nodes.indexOf(node)]
    if (node !== undefined && first !== undefined && first.name !== name) {
      const detail = `${path} and ${first.path}, the path of ${first.name}, are one serial port: ${node}`
      findings.push(wrong(what, detail, 'ask the operator for an oobm.toml in which each console has its own path'))
    }
    if (isKernelNumbered(path)) {
      const stable = node === undefined ? undefined : await stableName(node, folder)
      const remedy =
        stable === undefined
          ? `plug it in, run "ls -l ${folder}/by-id", and ask the operator to use the name that it shows as path`
          : `ask the operator to set path = "${stable}"`
      findings.push(warning(what, `the kernel numbers ${path}: after the next boot it may be another adapter`, remedy))
    }
    const usual = unusualSpeed(baudRate)
    if (usual !== undefined) {
      findings.push(
        warning(what, `${baudRate} bits per second is unusual`, `ask the operator whether ${usual} is meant`),
      )
    }
  }
  return findings
}

/** The device file that a name leads to in the end; undefined where there is none now. */
async function nodeOf(path: string): Promise<string | undefined> {
  return path.startsWith('/') ? realpath(path).catch(() => undefined) : undefined
}

async function stableName(node: string, folder: string): Promise<string | undefined> {
  for (const kind of STABLE_FOLDERS) {
    const names = await readdir(join(folder, kind)).catch((): string[] => [])
    for (const name of names.sort()) {
      const path = join(folder, kind, name)
      if ((await nodeOf(path)) === node) return path
    }
  }
  return undefined
}
