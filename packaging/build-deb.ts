/** Builds the Debian packages: `oobm-relay`; `oobm-desk` with --desk; or `oobm-device` for the architectures that are named. */
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { VERSION } from '../runtime/version.ts'
import { debianChangelog } from './changelog.ts'
import { deskPackage } from './desk-package.ts'
import { devicePackage } from './device-package.ts'
import { type Package, packDeb, source } from './pack-deb.ts'
import { makeRecordings } from './recordings.ts'
import { relayPackage } from './relay-package.ts'
import { ARCHITECTURES, type Architecture } from './serial-addon.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { device: { type: 'string', multiple: true, default: [] }, desk: { type: 'boolean', default: false } },
})
/** Where the programs were built, and where the packages go. */
const [build = 'build', out = 'build'] = positionals
const epochS = Number(
  process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }),
)
const date = new Date(epochS * 1000)

for (const described of packages()) process.stdout.write(`${packDeb(described, { out, epochS })}\n`)

function packages(): Package[] {
  if (values.desk) return [deskPackage(build, changelog)]
  if (values.device.length === 0) return [relayPackage(build, date, changelog)]
  const recordings = makeRecordings()
  return values.device.map(name => devicePackage(architectureOf(name), build, date, changelog, recordings))
}

function architectureOf(name: string): Architecture {
  const known = ARCHITECTURES.find(architecture => architecture === name)
  if (known === undefined) throw new Error(`"${name}" is none of ${ARCHITECTURES.join(', ')}`)
  return known
}

function changelog(name: string): string {
  return debianChangelog(source('CHANGELOG.md'), name, VERSION, maintainer(), date)
}

function maintainer(): string {
  return /^Maintainer: (.*)$/m.exec(source('packaging/debian/control'))?.[1] ?? ''
}
