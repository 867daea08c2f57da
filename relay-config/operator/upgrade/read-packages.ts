/** Reads the packages that the operator names, with dpkg's own programs. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import spawn, { SubprocessError } from 'nano-spawn'
import { EXIT, errorCode, UserError } from '../../../runtime/errors.ts'
import { printable } from '../../../runtime/printable.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import type { Package } from './packages.ts'

/** @throws UserError for what is no Debian package, and where dpkg is missing */
export async function readPackages(paths: readonly string[]): Promise<Package[]> {
  return Promise.all([...new Set(paths.map(path => resolve(path)))].map(readPackage))
}

async function readPackage(path: string): Promise<Package> {
  const file = await stat(path).catch(err => {
    throw new UserError(`cannot read ${path}: ${reasonOf(err)}`, EXIT.failed, { cause: err })
  })
  const fields = await dpkg('dpkg-deb', ['--field', path, 'Package', 'Version', 'Architecture'])
  const field = (name: string) => new RegExp(`^${name}: (\\S+)$`, 'm').exec(fields.stdout)?.[1]
  const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')]
  if (name === undefined || version === undefined || architecture === undefined) {
    const why = printable(fields.stderr.split('\n')[0] ?? '')
    throw new UserError(`${path} is not a Debian package, or is damaged${why === '' ? '' : `: ${why}`}`, EXIT.failed)
  }
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { path, name, version, architecture, bytes: file.size, sha256: hash.digest('hex') }
}

/** Whether one version is earlier than another, as dpkg(1) compares them. */
export async function isOlder(version: string, than: string): Promise<boolean> {
  return (await dpkg('dpkg', ['--compare-versions', version, 'lt', than])).code === 0
}

async function dpkg(program: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await spawn(program, args)
    return { code: 0, stdout, stderr }
  } catch (err) {
    if (!(err instanceof SubprocessError)) throw err
    if (errorCode(err.cause) === 'ENOENT') {
      const advice = 'it is in the package dpkg; on a Mac, "brew install dpkg"'
      throw new UserError(`cannot run ${program}, which reads the packages: ${advice}`, EXIT.unavailable, {
        cause: err,
      })
    }
    return { code: err.exitCode ?? EXIT.failed, stdout: err.stdout, stderr: err.stderr }
  }
}
