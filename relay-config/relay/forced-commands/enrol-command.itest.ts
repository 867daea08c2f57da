/** What a relay keeps of new boards: bounded whatever holders of the key send, and nothing of an earlier enrolment of the same name. */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { formatRequest } from '../../../formats/enrolment.ts'
import { newKeyPair } from '../../../formats/private-key.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'

const test = suite('oobm-enrol-command')
const SCRIPT = join(import.meta.dirname, 'oobm-enrol-command')
const PATIENCE = { timeoutMs: 100_000 }

async function relay(context: TestContext) {
  const root = await scratchDirectory(context)
  const [folder, keys] = [join(root, 'enrolments'), join(root, 'authorized_keys')]
  await mkdir(folder)
  /** As the rendered authorized_keys has it. */
  const open = async (site = 'tokyo') => {
    const line = `restrict,command="exec …" ${newKeyPair('').publicKey} oobm-enrolment:${site}\n`
    await writeFile(keys, `restrict ${newKeyPair('').publicKey} oobm-device:x\n${line}`)
  }
  const ask = (text: string, boards = 2) =>
    runProgram('sh', [SCRIPT, 'tokyo', String(boards), folder, keys], {
      input: text,
      env: { SSH_ORIGINAL_COMMAND: 'enrol' },
      ...PATIENCE,
    })
  return { open, ask, folder: join(folder, 'tokyo') }
}

function board(name: string): string {
  const key = () => newKeyPair('').publicKey
  const keys = { relayKey: key(), bridgeHostKey: key(), shellHostKey: key() }
  return formatRequest({ ...keys, site: 'tokyo', board: name, software: '0', adapters: [] }, '0'.repeat(32))
}

test('an enrolment that is opened anew under the same name begins with none', async context => {
  const { open, ask, folder } = await relay(context)
  await open()
  const [a, b] = [board('a'), board('b')]
  for (const one of [a, b]) assert.is((await ask(one)).stdout, 'waiting\n')
  const [request] = (await readdir(folder)).filter(name => name.endsWith('.request'))
  await writeFile(join(folder, String(request).replace('request', 'rejected')), '')
  assert.is((await ask(board('c'))).stdout, 'full\n')
  await open()
  assert.is((await ask(board('d'))).stdout, 'waiting\n')
  assert.is((await ask(board('e'))).stdout, 'waiting\n')
  const left = (await readdir(folder)).filter(name => /request|rejected/.test(name))
  assert.is(left.length, 2, left.join(' '))
})

test(
  'many at once are each answered or told to ask again, and a flood fills no disk',
  async context => {
    const { open, ask, folder } = await relay(context)
    await open()
    const boards = Array.from({ length: 12 }, (_, at) => board(`b${at}`))
    const answers = await Promise.all(boards.map(one => ask(one, 12)))
    for (const { code, stdout, stderr } of answers)
      assert.ok(
        code === 0 ? stdout === 'waiting\n' : code === 75 && /ask again/.test(stderr),
        `${code} ${stdout}${stderr}`,
      )
    const flood = Array.from({ length: 12 }, (_, at) => `${board(`f${at}`)}${'x'.repeat(1_000_000)}`)
    for (const { code } of await Promise.all(flood.map(one => ask(one, 12)))) assert.not(code === 0)
    let bytes = 0
    for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size
    assert.ok(bytes < 12 * 8_192, `${bytes} bytes`)
  },
  { timeoutMs: 200_000 },
)

test.run()
