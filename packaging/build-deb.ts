/** Packs `oobm-relay` as a Debian package: the same source gives the same bytes (reproducible-builds.org). */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  type Dirent,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { VERSION } from '../runtime/version.ts'
import { debianChangelog } from './changelog.ts'
import { bashCompletion } from './completion.ts'
import { copyright } from './copyright.ts'
import { manPage } from './man-page.ts'

/** Where the programs were built, and where the package goes. */
const [BUILD = 'build', OUT = 'build'] = process.argv.slice(2)
const PACKAGE = 'oobm-relay'
const WORDS = ['oobm-device-word', 'oobm-login']
const SCRIPTS = ['postinst', 'prerm', 'postrm']
const epochS = Number(
  process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }),
)
const date = new Date(epochS * 1000)

const root = mkdtempSync(join(tmpdir(), 'oobm-deb-'))
try {
  layOut()
  writeControl()
  seal()
  const file = join(OUT, `${PACKAGE}_${VERSION}_all.deb`)
  rmSync(file, { force: true })
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--threads-max=1', '--build', root, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epochS) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.stdout.write(`${file}\n`)
} finally {
  rmSync(root, { recursive: true, force: true })
}

function layOut(): void {
  const bundle = readFileSync(join(BUILD, 'lib', `${PACKAGE}.cjs`), 'utf8')
  put(`usr/lib/${PACKAGE}/${PACKAGE}.cjs`, bundle)
  // What the keys of devices and technicians run on a dedicated relay; the program reads the same beside itself.
  for (const word of WORDS) put(`usr/lib/oobm/${word}`, source(`relay-config/words/${word}`), 0o755)
  symlinkSync('../oobm', join(root, `usr/lib/${PACKAGE}/words`))
  put(`usr/bin/${PACKAGE}`, source('packaging/debian/oobm-relay'), 0o755)
  put(`usr/share/man/man1/${PACKAGE}.1.gz`, packed(manPage(source('man/oobm-relay.1'), date)))
  put(`usr/share/bash-completion/completions/${PACKAGE}`, bashCompletion(source('completion/oobm-relay.bash')))
  const doc = `usr/share/doc/${PACKAGE}`
  put(`${doc}/copyright`, copyright(source('packaging/debian/copyright'), source('LICENSE'), bundle))
  put(`${doc}/changelog.gz`, packed(debianChangelog(source('CHANGELOG.md'), PACKAGE, VERSION, maintainer(), date)))
  put(`${doc}/relay.md.gz`, packed(source('docs/relay.md')))
  put(`${doc}/examples/fleet.example.toml`, source('docs/fleet.example.toml'))
}

function writeControl(): void {
  const files = filesBelow(root)
  const sums = files.map(
    path =>
      `${createHash('md5')
        .update(readFileSync(join(root, path)))
        .digest('hex')}  ${path}\n`,
  )
  const sizeKib = Math.ceil(files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0) / 1024)
  const control = source('packaging/debian/control').replace('@VERSION@', VERSION).replace('@SIZE@', String(sizeKib))
  put('DEBIAN/control', control)
  put('DEBIAN/md5sums', sums.join(''))
  for (const script of SCRIPTS) put(`DEBIAN/${script}`, source(`packaging/debian/${script}`), 0o755)
}

/** Modes that no umask decided, and one time for all. */
function seal(): void {
  for (const { path, entry } of entriesBelow(root)) {
    lutimesSync(path, epochS, epochS)
    if (entry.isSymbolicLink()) continue
    const isProgram = (statSync(path).mode & 0o111) !== 0
    chmodSync(path, entry.isDirectory() || isProgram ? 0o755 : 0o644)
  }
  chmodSync(root, 0o755)
  utimesSync(root, epochS, epochS)
}

function filesBelow(folder: string): string[] {
  const files = entriesBelow(folder).filter(({ entry }) => entry.isFile())
  return files.map(({ path }) => relative(folder, path)).sort()
}

/** Links are not followed. */
function entriesBelow(folder: string): { path: string; entry: Dirent }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map(entry => {
    return { path: join(entry.parentPath, entry.name), entry }
  })
}

function put(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content, { mode })
}

function source(path: string): string {
  const file = resolve(import.meta.dirname, '..', path)
  if (!existsSync(file)) throw new Error(`${file} is missing`)
  return readFileSync(file, 'utf8')
}

function packed(text: string): Buffer {
  return gzipSync(text, { level: 9 })
}

function maintainer(): string {
  return /^Maintainer: (.*)$/m.exec(source('packaging/debian/control'))?.[1] ?? ''
}
