/** `make image-test`: boots a card image on an emulated board against a real relay, and prints a table of what it checked. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runProgram } from '../../../testbed/run-program.ts'
import { BOARDS, type BoardName, boardOf } from '../../machine/boards.ts'
import { startNameServer } from './name-server.ts'
import { cutPower } from './power-cuts.ts'
import { prepareOperation, RELAY_ADDRESS } from './relay.ts'
import { Report, StoryEnded } from './report.ts'
import type { Scene } from './scene.ts'
import { CHAPTERS, playStory } from './story.ts'

const IMAGES = join(import.meta.dirname, '../../../build/image')
/** Exit code when a check failed: then the run's files are kept. */
const FAILED = 2
/** Set for the second run of this program, the one in the namespaces: the folder for its files. */
const INSIDE = 'OOBM_IMAGE_TEST_INSIDE'

const { values } = parseArgs({
  options: { board: { type: 'string', default: 'pi3' }, cuts: { type: 'string' }, until: { type: 'string' } },
})
const play = (scene: Scene) =>
  values.cuts === undefined ? playStory(scene, values.until) : cutPower(scene, Number(values.cuts))
const CUTS = /^[1-9]\d*$/
main(values.board).then(
  code => {
    process.exitCode = code
  },
  err => {
    process.stderr.write(`${err.message}\n`)
    process.exitCode = 1
  },
)

async function main(name: string): Promise<number> {
  const board = BOARDS.find(one => one === name)
  if (board === undefined) throw new Error(`BOARD=${name}: there are ${BOARDS.join(', ')}`)
  if (values.cuts !== undefined && !CUTS.test(values.cuts))
    throw new Error(`CUTS=${values.cuts}: must be a number from 1`)
  if (values.until !== undefined && !CHAPTERS.includes(values.until))
    throw new Error(`UNTIL=${values.until}: there are ${CHAPTERS.join(', ')}`)
  if (!existsSync(join(IMAGES, board, 'oobm.img')))
    throw new Error(`There is no image of it. Run: make image BOARD=${board}`)
  if (process.getuid?.() !== 0) throw new Error('This needs root, for a network of its own: sudo make image-test')
  const inside = process.env[INSIDE]
  return inside === undefined ? enterNamespaces() : test(board, inside)
}

/** A network without a way out, where the relay has its own address; and all processes end with this one. */
async function enterNamespaces(): Promise<number> {
  const root = await mkdtemp(join(tmpdir(), 'oobm-image-test-'))
  const unshare = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  // A shell as the first process: it waits for all that are left behind, which node would not.
  const shell = ['sh', '-c', '"$@"; exit $?', 'sh']
  const node = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const child = spawn('unshare', [...unshare, ...shell, ...node], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: root },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code === FAILED) process.stdout.write(`What the board printed, and the card: ${root}\n`)
  else await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  return code ?? 1
}

async function test(name: BoardName, root: string): Promise<number> {
  await runProgram('ip', ['link', 'set', 'lo', 'up'])
  await runProgram('ip', ['address', 'add', `${RELAY_ADDRESS}/32`, 'dev', 'lo'])
  const disposers: (() => unknown)[] = []
  // QEMU's network asks the server of the machine that it runs on.
  await writeFile(join(root, 'resolv.conf'), `nameserver ${RELAY_ADDRESS}\n`)
  await runProgram('mount', ['--bind', join(root, 'resolv.conf'), '/etc/resolv.conf'])
  disposers.push(await startNameServer(RELAY_ADDRESS))
  const board = boardOf(name, process.env.KVM === '1')
  const report = new Report(line => process.stdout.write(`${line}\n`))
  try {
    const operation = await prepareOperation(root)
    await play({
      ...{ board, root, operation, report },
      image: join(IMAGES, name),
      patienceMs: board.patienceMs,
      cleanup: dispose => disposers.push(dispose),
    })
  } catch (err) {
    if (!(err instanceof StoryEnded)) await report.check('the story goes on', () => Promise.reject(err))
  } finally {
    for (const dispose of disposers.reverse()) await dispose()
  }
  const table = report.table()
  await writeFile(join(IMAGES, name, `${values.cuts === undefined ? 'test' : 'power-cut'}-result.md`), `${table}\n`)
  process.stdout.write(`\n${table}\n\n${report.rows.length - report.failed} passed, ${report.failed} failed\n`)
  return report.failed === 0 ? 0 : FAILED
}
