/** Packs a Debian package: the same content gives the same bytes (reproducible-builds.org). */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { VERSION } from '../runtime/version.ts'

const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm']

/** A package. */
export interface Package {
  name: string
  architecture: string
  /** Folder below this repository of control, of maintainer scripts, and of triggers where there are some. */
  debian: string
  /** Adds all files that are installed. */
  fill(tree: Tree): void
}

/** The files of a package, by their paths without a leading slash. */
export interface Tree {
  put(path: string, content: string | Buffer, mode?: number): void
  link(path: string, target: string): void
}

/** Common to all packages of a build. */
export interface PackOptions {
  out: string
  epochS: number
}

/** @returns the package's file */
export function packDeb({ name, architecture, debian, fill }: Package, { out, epochS }: PackOptions): string {
  const root = mkdtempSync(join(tmpdir(), 'oobm-deb-'))
  try {
    fill(treeAt(root))
    writeControl(root, debian, architecture)
    seal(root, epochS)
    for (const old of readdirSync(out)) {
      if (old.startsWith(`${name}_`) && old.endsWith(`_${architecture}.deb`)) rmSync(join(out, old))
    }
    const file = join(out, `${name}_${VERSION}_${architecture}.deb`)
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--threads-max=1', '--build', root, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epochS) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return file
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** A text of this repository. */
export function source(path: string): string {
  const file = resolve(import.meta.dirname, '..', path)
  if (!existsSync(file)) throw new Error(`${file} is missing`)
  return readFileSync(file, 'utf8')
}

export function packed(text: string): Buffer {
  return gzipSync(text, { level: 9 })
}

/** Files below a folder, by their paths in it, in order; links are not followed. */
export function filesBelow(folder: string): string[] {
  return entriesBelow(folder)
    .filter(({ entry }) => entry.isFile())
    .map(({ path }) => relative(folder, path))
    .sort()
}

/** Symbolic links below a folder: path in it → target. */
export function linksBelow(folder: string): [path: string, target: string][] {
  return entriesBelow(folder)
    .filter(({ entry }) => entry.isSymbolicLink())
    .map(({ path }): [string, string] => [relative(folder, path), readlinkSync(path)])
    .sort()
}

/** With modes that do not depend on the umask. */
function treeAt(root: string): Tree {
  const prepare = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    return join(root, path)
  }
  return {
    put: (path, content, mode = 0o644) => {
      const file = prepare(path)
      writeFileSync(file, content)
      chmodSync(file, mode)
    },
    link: (path, target) => symlinkSync(target, prepare(path)),
  }
}

function writeControl(root: string, debian: string, architecture: string): void {
  const { put } = treeAt(root)
  const files = filesBelow(root)
  const sums = files.map(
    path =>
      `${createHash('md5')
        .update(readFileSync(join(root, path)))
        .digest('hex')}  ${path}\n`,
  )
  const sizeKib = Math.ceil(files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0) / 1024)
  const native = files.filter(path => path.endsWith('.node')).map(path => readFileSync(join(root, path), 'latin1'))
  const facts = { VERSION, ARCHITECTURE: architecture, SIZE: String(sizeKib), GLIBC: newestGlibc(native) }
  const control = Object.entries(facts).reduce(
    (text, [key, value]) => text.replaceAll(`@${key}@`, value),
    source(`${debian}/control`),
  )
  put('DEBIAN/control', control)
  put('DEBIAN/md5sums', sums.join(''))
  const conffiles = files.filter(path => path.startsWith('etc/'))
  if (conffiles.length > 0) put('DEBIAN/conffiles', conffiles.map(path => `/${path}\n`).join(''))
  const present = readdirSync(resolve(import.meta.dirname, '..', debian))
  if (present.includes('triggers')) put('DEBIAN/triggers', source(`${debian}/triggers`))
  for (const script of SCRIPTS) {
    if (present.includes(script)) put(`DEBIAN/${script}`, source(`${debian}/${script}`), 0o755)
  }
}

/**
 * The newest version of the C library that native files need: the versions of their symbols are in the files as text.
 * @returns such as "2.28", "0" where the package has no native file
 */
function newestGlibc(files: string[]): string {
  const minors = files.flatMap(text => [...text.matchAll(/\bGLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor)))
  return minors.length === 0 ? '0' : `2.${Math.max(...minors)}`
}

/** Modes of folders do not depend on the umask; all times are the same. */
function seal(root: string, epochS: number): void {
  const folders = entriesBelow(root).filter(({ entry }) => entry.isDirectory())
  for (const path of [root, ...folders.map(folder => folder.path)]) chmodSync(path, 0o755)
  for (const { path } of entriesBelow(root)) lutimesSync(path, epochS, epochS)
  lutimesSync(root, epochS, epochS)
}

function entriesBelow(folder: string) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map(entry => {
    return { path: join(entry.parentPath, entry.name), entry }
  })
}
