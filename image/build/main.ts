/** `make image`: from this source and Debian's packages to a card image, and everything that is handed out with it. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { runMain } from '../../runtime/run-main.ts'
import { VERSION } from '../../runtime/version.ts'
import { BASE_EPOCH_S, provideBase, SUITE } from './base.ts'
import { BOARDS, COMMON_PACKAGES } from './boards.ts'
import { COMPRESSIONS, writeOutputs } from './outputs.ts'
import { checkDisk, checkEmulation, checkNamespace, nativeArch } from './preconditions.ts'
import { openProgress } from './progress.ts'

const SOURCE = resolve(import.meta.dirname, '../..')
const STAGE = join(SOURCE, 'image/stage-remote')
const OUT = join(SOURCE, 'build/image')
/** With which mke2fs and mtools write the same bytes twice; the host's may be too old (e2fsprogs below 1.47.2). */
const TOOLS = ['e2fsprogs', 'dosfstools', 'mtools', 'fdisk', 'libarchive13t64']
/** The identity in the partition table, by which the kernel finds its root: one for all cards. */
const DISK_ID = '6f6f626d'

void runMain(main)

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      board: { type: 'string', default: 'pi3' },
      base: { type: 'string', default: 'debian' },
      compress: { type: 'string' },
      url: { type: 'string' },
      mirror: { type: 'string' },
      'keep-base': { type: 'boolean', default: false },
    },
  })
  const [, board] = Object.entries(BOARDS).find(([name]) => name === values.board) ?? []
  if (!board) throw new UserError(`BOARD=${values.board}: there are ${Object.keys(BOARDS).join(', ')}`, EXIT.usage)
  if (values.base !== 'debian') throw new UserError(`BASE=${values.base}: there are debian, raspios`, EXIT.usage)
  // What no card is made of is not handed out.
  const compression = values.compress ?? (board.imager ? 'xz' : 'none')
  if (!Object.hasOwn(COMPRESSIONS, compression)) {
    throw new UserError(`COMPRESS=${compression}: there are ${Object.keys(COMPRESSIONS).join(', ')}`, EXIT.usage)
  }
  const mirror = values.mirror?.replace(/\/+$/, '')
  if (mirror !== undefined && !/^https?:\/\/[\w.:/~+%-]+$/.test(mirror)) {
    throw new UserError(`MIRROR=${mirror}: it is the URL of a Debian archive, as in http://HOST/debian`, EXIT.usage)
  }
  const name = `oobm-${values.board}-${VERSION}`
  const folder = join(OUT, values.board)
  const cache = join(OUT, 'cache')
  const work = join(OUT, 'work', values.board)
  const isRoot = process.getuid?.() === 0
  for (const each of [folder, cache]) mkdirSync(each, { recursive: true })
  checkDisk(OUT)
  checkEmulation(board.arch, isRoot)
  checkNamespace(isRoot)

  const progress = openProgress(join(folder, 'build.log'), line => process.stdout.write(`${line}\n`), Date.now)
  progress.step(`${name}: log in ${progress.log}`)
  const inNamespace = (command: string[], env: Record<string, string>) =>
    progress.run('unshare', [...namespace(isRoot), ...command], { env, signal })
  progress.step(`the package for ${board.arch}`)
  await progress.run('make', ['deb-device', `ARCH=${board.arch}`], { cwd: SOURCE, signal })

  const keep = values['keep-base']
  const tools = await provideBase(
    cache,
    { name: 'tools', arch: nativeArch(), variant: 'essential', packages: TOOLS, keep, mirror },
    progress,
    signal,
  )
  const packages = [...new Set([...COMMON_PACKAGES, ...board.basePackages, ...stagePackages()])].sort()
  const base = await provideBase(
    cache,
    { name: `base-${values.board}`, arch: board.arch, variant: 'apt', packages, qemuCpu: board.qemuCpu, keep, mirror },
    progress,
    signal,
  )

  const epochS = sourceDateEpochS()
  const removeWork = () => inNamespace(['rm', '-rf', work], {})
  if (existsSync(work)) await removeWork()
  mkdirSync(work, { recursive: true })
  await inNamespace([join(import.meta.dirname, 'build-tree'), STAGE, base, tools], {
    WORK_DIR: work,
    ARCH: board.arch,
    RELEASE: SUITE,
    IMG_NAME: name,
    IMG_DATE: new Date(epochS * 1000).toISOString().slice(0, 10),
    DISK_ID,
    SOURCE_DATE_EPOCH: String(epochS),
    BASE_EPOCH: String(BASE_EPOCH_S),
    OOBM_DEB: join(SOURCE, 'build', `oobm-device_${VERSION}_${board.arch}.deb`),
    ...(board.qemuCpu === undefined ? {} : { QEMU_CPU: board.qemuCpu }),
  })
  for (const [from, to] of [
    ['image.img', 'oobm.img'],
    ['boot', 'boot'],
    ['cmdline.txt', 'cmdline.txt'],
    ['status', 'dpkg-status'],
  ] as const) {
    rmSync(join(folder, to), { recursive: true, force: true })
    renameSync(join(work, from), join(folder, to))
  }
  await removeWork()
  await writeOutputs({ folder, name, board, epochS, compression, url: values.url }, progress, signal)
  return EXIT.ok
}

/** Mounts of its own, which go with it; and without root a user namespace in which it is root. */
function namespace(isRoot: boolean): string[] {
  const own = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private']
  return isRoot ? own : ['--map-root-user', '--map-auto', ...own]
}

/** What the stage will install is in the base already: then a changed stage needs no mirror. */
function stagePackages(): string[] {
  const lists = readdirSync(STAGE, { recursive: true, encoding: 'utf8' }).filter(path =>
    /\/\d\d-packages(-nr)?$/.test(path),
  )
  return lists.flatMap(path =>
    readFileSync(join(STAGE, path), 'utf8')
      .replaceAll(/#.*/g, '')
      .split(/\s+/)
      .filter(name => name !== ''),
  )
}

/** Seconds: of the last commit, or as the environment says (reproducible-builds.org). */
function sourceDateEpochS(): number {
  const given = process.env.SOURCE_DATE_EPOCH
  if (given !== undefined) return Number(given)
  return Number(spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: SOURCE, encoding: 'utf8' }).stdout)
}
