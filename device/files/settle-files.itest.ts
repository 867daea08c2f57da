/** `oobm files settle`: the images that it makes, by the real tools, and what it asks systemd for; systemctl is recorded. */
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { fileDropSchema } from '../../formats/file-drop-settings.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { settleImage } from './file-system.ts'
import { settleFiles } from './settle-files.ts'

const test = suite('settle files')
const MIB = 1_048_576

test('an image has all of its blocks from the start, grows and shrinks, and keeps what is wrong in words', async context => {
  const state = await scratchDirectory(context)
  const path = join(state, 'upload.img')
  const released: number[] = []
  const settle = (sizeMib: number) =>
    settleImage({
      area: 'upload',
      state,
      sizeMib,
      owner: { uid: 7, gid: 8 },
      release: async () => void released.push(sizeMib),
    })
  assert.equal(await settle(16), { isUsable: true })
  const { size, blocks } = await stat(path)
  assert.is(size, 16 * MIB)
  assert.ok(blocks * 512 >= 16 * MIB, `${blocks} blocks: others could take the rest`)
  assert.equal(await settle(16), { isUsable: true })
  assert.equal(released, [])
  for (const sizeMib of [32, 20]) {
    assert.equal(await settle(sizeMib), { isUsable: true })
    assert.is((await stat(path)).size, sizeMib * MIB)
  }
  assert.equal(released, [32, 20])
  const { problem = '', isUsable } = await settle(1_000_000_000)
  assert.match(
    problem,
    /^files\.upload_mib = 1000000000 does not fit: \d+ MiB are free, of which 256 stay free .* at most \d+ MiB fit$/,
  )
  assert.is(isUsable, true)
  assert.is((await stat(path)).size, 20 * MIB)
  assert.not.ok(existsSync(`${path}.new`))
})

async function device(context: TestContext) {
  const root = await scratchDirectory(context)
  const folders = { state: join(root, 'state'), read: join(root, 'read'), upload: join(root, 'upload'), history: root }
  for (const path of [folders.state, folders.read, folders.upload]) await mkdir(path)
  const spec = join(root, 'spec')
  let asked: string[] = []
  const systemctl = async (args: string[]) => {
    asked.push(args.join(' '))
    return args.at(-1) === 'oobm-local@*.target' ? '  oobm-local@10.9.0.1.target loaded active active x\n' : ''
  }
  return {
    spec,
    folders,
    asked: () => asked,
    settle: (settings: object, hasFtp = true) => {
      asked = []
      return settleFiles({ settings: fileDropSchema.parse(settings), folders, spec, hasFtp, systemctl, say: () => {} })
    },
  }
}

test('serves nothing, and makes nothing, until it is switched on', async context => {
  const { settle, folders, spec, asked } = await device(context)
  assert.equal(await settle({}), [])
  assert.not.ok(existsSync(join(folders.state, 'read.img')))
  assert.not.ok(existsSync(join(spec, 'drop')))
  assert.is(JSON.parse(await readFile(join(spec, 'served.json'), 'utf8')).settings.tftp, false)
  assert.equal(
    asked().filter(args => args.startsWith('start')),
    [],
  )
})

test('says which package FTP needs, and refuses it alone', async context => {
  const { settle, spec } = await device(context)
  const [problem = ''] = await settle({ ftp: true }, false)
  assert.match(problem, 'mask vsftpd && sudo apt install vsftpd')
  assert.not.ok(existsSync(join(spec, 'ftp')))
})

test('serves nothing where its file system cannot be had, and says why', async context => {
  const { settle, spec, folders } = await device(context)
  await writeFile(join(folders.state, 'read.img'), 'no file system')
  await chmod(join(folders.state, 'read.img'), 0o600)
  const problems = await settle({ http: true, readMib: 64 })
  assert.ok(problems.length > 0, 'nothing was said')
  assert.not.ok(existsSync(join(spec, 'drop')))
})

test.run()
