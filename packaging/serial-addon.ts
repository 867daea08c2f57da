/** The native part of serialport for one Debian architecture: prebuilt in its npm package, or compiled here for armel. */
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
 * Where the loader, node-gyp-build, looks: `prebuilds/<platform>-<os.arch()>`. It takes the version of ARM from the
 * `process.config` of its Node, and would not find an ARMv6 file on a board with an ARMv7 Node; every Node accepts a file
 * whose name has no version. What is built for ARMv6 runs on all later boards.
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
  // Compiling takes 15 s on a small machine, so the file is kept.
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

/** Debian has them in libnode-dev; other builds of Node have them beside the program. */
function nodeHeaders(): string {
  const places = [resolve(process.execPath, '../../include/node'), '/usr/include/node', '/usr/include/nodejs/src']
  const found = places.find(folder => existsSync(folder) && readdirSync(folder).includes('node_api.h'))
  if (found === undefined) throw new Error(`node_api.h is in none of ${places.join(', ')}: apt-get install libnode-dev`)
  return found
}
