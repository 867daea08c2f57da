/** What is in `oobm-desk`: the page of `oobm-relay desk`, and the native part of its terminals for this machine's architecture. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyright } from './copyright.ts'
import { filesBelow, type Package, packed, source } from './pack-deb.ts'

const NAME = 'oobm-desk'
/** Those for which node-pty has a native part, by Node.js's name. npm installs that of this machine alone. */
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }

/**
 * @param build where the programs were bundled
 * @param changelog deb-changelog(5) of a package
 * @throws Error where no terminal can be opened on a machine as this one
 */
export function deskPackage(build: string, changelog: (name: string) => string): Package {
  const folder = join(build, 'lib/desk')
  const native = join(folder, `node_modules/@lydell/node-pty-linux-${process.arch}`)
  const architecture = ARCHITECTURES[process.arch]
  if (architecture === undefined || !existsSync(native))
    throw new Error(`${NAME} is made on amd64 and arm64, for the machine that makes it: there is no ${native}`)
  return {
    name: NAME,
    architecture,
    debian: 'packaging/desk/debian',
    fill: ({ put }) => {
      // A native file has no code of its own that runs alone: dpkg wants it without the bit for that.
      for (const path of filesBelow(folder)) put(`usr/lib/oobm-relay/desk/${path}`, readFileSync(join(folder, path)))
      put(`usr/share/lintian/overrides/${NAME}`, source('packaging/desk/debian/lintian-overrides'))
      const doc = `usr/share/doc/${NAME}`
      const bundled = `${readFileSync(join(folder, 'desk.js'), 'utf8')}\n// node_modules/@lydell/node-pty/index.js\n`
      put(`${doc}/copyright`, copyright(source('packaging/debian/copyright'), source('LICENSE'), bundled))
      put(`${doc}/changelog.gz`, packed(changelog(NAME)))
      put(`${doc}/desk.md.gz`, packed(source('docs/desk.md')))
    },
  }
}
