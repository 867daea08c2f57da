/** A board that broke is replaced, with the real programs: its card in another board, and a new card from `issue`. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { readStatus, supervisorStatusSchema } from '../formats/status-file.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { PATIENCE, startSite } from './testing/enrolment-site.ts'

const test = suite('replacing a board')
const LIMIT = { timeoutMs: 400_000 }
const DEVICE = 'rack1'

test(
  'the same card in another board, then a new card from issue: proved again, and nothing is changed at the seat',
  async context => {
    const site = await startSite(context)
    const { at, operate, startRelay, prepare, openBoard, start, program } = site
    await prepare(DEVICE)
    await operate('keys', DEVICE)
    await startRelay()
    await operate('issue', DEVICE)
    /** This folder is the card, and for the moment the board in which it is. */
    const path = (...parts: string[]) => at(DEVICE, ...parts)
    const issued = at('secrets', DEVICE, 'oobm.toml')
    const seat = async () => Promise.all([at('fleet.toml'), issued].map(file => readFile(file, 'utf8')))
    const switchOn = async (serial: string) => {
      // What a board has of itself; /run begins empty.
      await rm(path('run'), { recursive: true, force: true })
      for (const folder of ['proc/device-tree', 'boot']) await mkdir(path(folder), { recursive: true })
      await writeFile(path('proc/device-tree/serial-number'), `${serial}\0`)
      const args = [program('oobm'), 'provision', '--boot', path('boot'), '--root', path()]
      const { code, stdout, stderr } = await runProgram(process.execPath, args, PATIENCE)
      assert.is(code, 0, stdout + stderr)
    }
    const proved = async () => {
      const status = await waitFor(
        'the proof',
        async () => {
          const now = await readStatus(path('run/oobm/status.json'), supervisorStatusSchema)
          return now?.proof.provedAt ? now : undefined
        },
        PATIENCE,
      )
      assert.is(status.device, DEVICE)
    }

    await mkdir(path('boot'), { recursive: true })
    await copyFile(issued, path('boot/oobm.toml'))
    await switchOn('10000000aaaaaaaa')
    const servers = await openBoard({ path })
    const first = await start(DEVICE)
    await proved()
    const before = await seat()
    const settings = await readFile(path('etc/oobm/device.toml'), 'utf8')

    // Its board breaks: the relay still holds its session. The card goes into another one.
    first.fail()
    await switchOn('20000000bbbbbbbb')
    assert.is(await readFile(path('etc/oobm/device.toml'), 'utf8'), settings)
    const second = await start(DEVICE)
    await proved()

    // The card is lost as well. The operator issues the same file again.
    second.fail()
    await servers.close()
    await rm(path(), { recursive: true })
    await operate('issue', DEVICE)
    await mkdir(path('boot'), { recursive: true })
    await copyFile(issued, path('boot/oobm.toml'))
    await switchOn('30000000cccccccc')
    assert.is(await readFile(path('etc/oobm/device.toml'), 'utf8'), settings)
    await openBoard({ path })
    await start(DEVICE)
    await proved()

    assert.equal(await seat(), before, 'the fleet file and the issued file are as they were')
    assert.match(await operate('render'), /^\d+ files in .* are up to date\n$/)
  },
  LIMIT,
)

test.run()
