import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { install } from '../../../device/import/install.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { issueBoard } from '../../card/issue-board.ts'
import { type Document, FIRST } from './documents.ts'
import { checkHalves, readInstalled } from './installed.ts'

const test = suite('settings that a board has')

/** A board that is a folder, with settings installed by the product's own code. */
async function board(context: TestContext) {
  const folder = await scratchDirectory(context)
  const root = join(folder, 'board')
  await mkdir(root)
  const more = {
    relays: [{ host: '192.0.2.10', user: 'oobm', hostKeys: [KEY] }],
    consoles: [{ name: 'router1', path: '/dev/ttyUSB0', label: 'label-3' }],
    technicians: [
      { name: 'tess', keys: [KEY], consoles: ['router1'], shell: true },
      { name: 'person-3', keys: [KEY], consoles: ['router1'], shell: true },
    ],
  }
  const text = await issueBoard(folder, more)
  const settings = `${text}\n[settings]\nserial = 3\n`
  await install(settings, root)
  const sh = async (script: string) => {
    const here = script.replace('/etc/oobm/secrets', `'${root}/etc/oobm/secrets'`).replace('-C /', `-C '${root}'`)
    const { code, stdout, stderr } = await runProgram('sh', ['-c', here])
    assert.is(code, 0, stderr)
    return stdout
  }
  let turn = 0
  return {
    at: (path: string) => join(root, path),
    settings,
    read: async () => {
      const copy = join(folder, `copy-${++turn}`)
      await mkdir(copy)
      return readInstalled({ sh }, copy)
    },
  }
}

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBUOVgGQAbG2r1sHeQ2qPRrjVsxcWAl8XZdIsbyvtUWp'
const THIRD: Document = {
  isRight: true,
  access: { serial: 3, person: { name: 'person-3', key: KEY } },
  connectivity: { relay: '192.0.2.10', label: 'label-3' },
}

test('are read whole; a file of other settings, and one left over, are seen', async context => {
  const { at, settings, read } = await board(context)
  const why = () => read().then(JSON.stringify, String)
  const found = await read()
  assert.equal(
    [found.serial, found.people, found.connectivity, found.trial],
    [3, ['tess', 'person-3'], THIRD.connectivity, undefined],
  )
  await appendFile(at('etc/oobm/shell_authorized_keys'), `${KEY} person-2\n`)
  assert.match(await why(), /shell_authorized_keys is of other settings than the rest/)
  await install(settings, at('.'))
  await writeFile(at('etc/oobm/secrets/next.toml'), settings)
  assert.match(await why(), /left over: \/etc\/oobm\/secrets\/next\.toml/)
  await rm(at('etc/oobm/secrets/next.toml'))
  await rm(at('etc/oobm/secrets/bridge/host_key'))
  assert.match(await why(), /not whole/)
})

test('each half is one document’s, and not a mixture', () => {
  const found = { serial: 3, people: ['tess', 'person-3'], connectivity: THIRD.connectivity, trial: undefined }
  checkHalves(found, [FIRST, THIRD])
  checkHalves({ ...found, serial: 0, people: ['tess'] }, [FIRST, THIRD])
  const mixed: [Partial<typeof found>, RegExp][] = [
    [{ serial: 0 }, /serial number 0, and of people person-3/],
    [{ people: ['tess', 'person-2', 'person-3'] }, /of people person-2,person-3/],
    [{ people: ['tess'] }, /of people nobody/],
    [{ connectivity: { relay: '192.0.2.11', label: 'label-3' } }, /connectivity of no document, or of two/],
  ]
  for (const [change, why] of mixed) assert.throws(() => checkHalves({ ...found, ...change }, [FIRST, THIRD]), why)
  assert.throws(() => checkHalves(found, [FIRST]), /serial number 3/)
})

test.run()
