/** The product's package once more, as a version that no card has: what an operator sends to a device to upgrade it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../../../runtime/version.ts'
import { runProgram } from '../../../testbed/run-program.ts'

const BUILD = join(import.meta.dirname, '../../../build')

export interface UpgradedPackage {
  path: string
  /** File name at the device. */
  name: string
  version: string
}

/**
 * @param arch Debian's name of the board's architecture
 * @param directory where the package is made
 */
export async function upgradedPackage(arch: string, directory: string): Promise<UpgradedPackage> {
  const version = `${VERSION}+upgraded`
  const name = `oobm-device_${version}_${arch}.deb`
  const path = join(directory, name)
  const tree = join(directory, 'package')
  await pack(['--raw-extract', join(BUILD, `oobm-device_${VERSION}_${arch}.deb`), tree])
  const control = join(tree, 'DEBIAN/control')
  await writeFile(control, (await readFile(control, 'utf8')).replace(/^Version: .*/m, `Version: ${version}`))
  await pack(['--root-owner-group', '--build', tree, path])
  return { path, name, version }
}

async function pack(args: string[]): Promise<void> {
  const { code, stderr } = await runProgram('dpkg-deb', args, { timeoutMs: 300_000 })
  if (code !== 0) throw new Error(`dpkg-deb ${args.join(' ')} failed: ${stderr}`)
}
