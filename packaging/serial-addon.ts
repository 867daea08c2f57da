/** The native part of serialport, for one Debian architecture: the prebuilt one of its package, or our own for armel. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export const ARCHITECTURES = ['amd64', 'arm64', 'armhf', 'armel'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

const PACKAGE = 'node_modules/@serialport/bindings-cpp'
/** Of Debian, for ARM without hard-float. */
const COMPILER = 'arm-linux-gnueabi-g++'
const STRIP = 'arm-linux-gnueabi-strip'

/**
 * Where the loader, node-gyp-build, looks: `prebuilds/<platform>-<os.arch()>`. Which architecture of `arm` it is, it asks
 * `process.config` of that Node, and would find no file for ARMv6 on a board that runs an ARMv7 Node; a file whose name
 * says nothing of it is taken by every Node. What fits ARMv6 runs on all that came later.
 */
const PREBUILT: Record<Exclude<Architecture, 'armel'>, { folder: string; from: string }> = {
  amd64: { folder: 'linux-x64', from: '@serialport+bindings-cpp.glibc.node' },
  arm64: { folder: 'linux-arm64', from: '@serialport+bindings-cpp.armv8.glibc.node' },
  armhf: { folder: 'linux-arm', from: '@serialport+bindings-cpp.armv6.glibc.node' },
}

export interface SerialAddon {
  /** Below `prebuilds/`. */
  folder: string
  file: string
  content: Buffer
}

/** @throws Error that says what is missing to compile it for armel */
export function serialAddon(architecture: Architecture): SerialAddon {
  const file = '@serialport+bindings-cpp.node'
  if (architecture === 'armel') return { folder: 'linux-arm', file, content: readFileSync(compiled()) }
  const { folder, from } = PREBUILT[architecture]
  return { folder, file, content: readFileSync(join(PACKAGE, 'prebuilds', folder, from)) }
}

/** Of the sources in the npm package, as its binding.gyp has it. Node-API promises that one binary fits every Node. */
function compiled(): string {
  const sources = ['serialport', 'serialport_unix', 'poller', 'serialport_linux'].map(
    name => `${PACKAGE}/src/${name}.cpp`,
  )
  const flags = [
    ...['-shared', '-fPIC', '-O2', '-std=gnu++17', '-pthread', '-fvisibility=hidden'],
    ...['-DNAPI_CPP_EXCEPTIONS', '-DBUILDING_NODE_EXTENSION', '-DNODE_GYP_MODULE_NAME=bindings'],
    ...['-Wl,-z,relro,-z,now', '-Wl,--build-id=none'],
    ...['-I', 'node_modules/node-addon-api', '-I', nodeHeaders()],
  ]
  const made = createHash('sha256').update(flags.join('\n')).update(compilerVersion())
  for (const path of sources) made.update(readFileSync(path))
  // A quarter of a minute on a small machine: kept.
  const file = join('build/native', `serial-armel-${made.digest('hex').slice(0, 16)}.node`)
  if (existsSync(file)) return file
  mkdirSync(dirname(file), { recursive: true })
  const part = `${file}.${process.pid}`
  execFileSync(COMPILER, [...flags, '-o', part, ...sources], { stdio: 'inherit' })
  execFileSync(STRIP, ['--strip-unneeded', '--remove-section=.comment', part], { stdio: 'inherit' })
  renameSync(part, file)
  return file
}

function compilerVersion(): string {
  try {
    return execFileSync(COMPILER, ['--version'], { encoding: 'utf8' })
  } catch {
    throw new Error(`${COMPILER} is missing, to compile for armel: apt-get install g++-arm-linux-gnueabi`)
  }
}

/** Of a Node that is not Debian's, beside it; of Debian's, in libnode-dev. */
function nodeHeaders(): string {
  const places = [resolve(process.execPath, '../../include/node'), '/usr/include/node', '/usr/include/nodejs/src']
  const found = places.find(folder => existsSync(folder) && readdirSync(folder).includes('node_api.h'))
  if (found === undefined) throw new Error(`node_api.h is in none of ${places.join(', ')}: apt-get install libnode-dev`)
  return found
}
