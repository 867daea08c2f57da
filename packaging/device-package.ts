/** What is in `oobm-device`, for each architecture. */
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PROGRAM } from '../device/commands/all-commands.ts'
import { PROGRAMS } from '../runtime/program-command.ts'
import { bashCompletion } from './completion.ts'
import { copyright } from './copyright.ts'
import { oobmPage } from './device-pages.ts'
import { jsonSchemas } from './json-schemas.ts'
import { deviceSchemas, schemaFiles } from './output-schemas.ts'
import { filesBelow, linksBelow, type Package, packed, source } from './pack-deb.ts'
import type { Recording } from './recordings.ts'
import { type Architecture, serialAddon } from './serial-addon.ts'
import { tomlPage } from './toml-page.ts'

const NAME = 'oobm-device'
const BUNDLES = [...PROGRAMS, 'oobm-apply', 'start', 'make-code-cache']
const FILES = resolve(import.meta.dirname, 'device/files')

/**
 * @param build where the programs were bundled
 * @param changelog deb-changelog(5) of a package
 */
export function devicePackage(
  architecture: Architecture,
  build: string,
  date: Date,
  changelog: (name: string) => string,
  recordings: readonly Recording[],
): Package {
  return {
    name: NAME,
    architecture,
    debian: 'packaging/device/debian',
    fill: ({ put, link }) => {
      const bundles = BUNDLES.map(program => readFileSync(join(build, 'lib', `${program}.cjs`), 'utf8'))
      for (const [index, program] of BUNDLES.entries()) put(`usr/lib/oobm/lib/${program}.cjs`, bundles[index] ?? '')
      const addon = serialAddon(architecture)
      put(`usr/lib/oobm/prebuilds/${addon.folder}/${addon.file}`, addon.content)
      for (const path of filesBelow(FILES)) put(path, readFileSync(join(FILES, path)), modeOf(path))
      for (const [path, target] of linksBelow(FILES)) link(path, target)
      put('usr/share/man/man1/oobm.1.gz', packed(oobmPage(source('man/oobm.1'), date)))
      put('usr/share/man/man5/oobm.toml.5.gz', packed(tomlPage(source('man/oobm.toml.5'), date)))
      put('usr/share/bash-completion/completions/oobm', bashCompletion(source('completion/command.bash'), PROGRAM))
      const { oobm, device } = jsonSchemas()
      put('usr/share/oobm/oobm.schema.json', oobm)
      put('usr/share/oobm/device.schema.json', device)
      for (const [file, text] of schemaFiles(deviceSchemas())) put(`usr/share/oobm/json/${file}`, text)
      for (const { path, wav } of recordings) put(`usr/share/oobm/speech/${path}`, wav)
      put(`usr/share/lintian/overrides/${NAME}`, source('packaging/device/debian/lintian-overrides'))
      const doc = `usr/share/doc/${NAME}`
      const template = source('packaging/debian/copyright')
      put(`${doc}/copyright`, copyright(template, source('LICENSE'), bundles.join('\n')))
      put(`${doc}/changelog.gz`, packed(changelog(NAME)))
      put(`${doc}/device.md.gz`, packed(source('docs/device.md')))
    },
  }
}

function modeOf(path: string): number {
  // sudo(8) reads no rules that others may read or write.
  if (path.startsWith('etc/sudoers.d/')) return 0o440
  return statSync(join(FILES, path)).mode & 0o111 ? 0o755 : 0o644
}
