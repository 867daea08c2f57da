/** What is handed out beside an image says what is in the files, as sha256sum(1) and Raspberry Pi Imager check it. */
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { BOARDS } from './boards.ts'
import { writeOutputs } from './outputs.ts'
import type { Progress } from './progress.ts'

const test = suite('outputs')

/** Runs all but bmaptool(1), which `make test` does not need. */
const progress: Progress = {
  log: '',
  step: () => {},
  close: async () => {},
  run: async (command, args, options = {}) => {
    if (command === 'bmaptool') return ''
    const { code, stdout, stderr } = await runProgram(command, args, { env: options.env ?? {} })
    assert.is(code, 0, stderr)
    return stdout
  },
}

async function outputs(context: TestContext, compression: string) {
  const folder = await scratchDirectory(context)
  await writeFile(join(folder, 'oobm.img'), Buffer.alloc(70_000, 'the image '))
  await writeFile(
    join(folder, 'dpkg-status'),
    'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n',
  )
  const [board] = Object.values(BOARDS).filter(({ imager }) => imager !== undefined)
  assert.ok(board)
  const build = { folder, name: 'oobm-1', board, epochS: 1_790_000_000, compression, url: undefined }
  await writeOutputs(build, progress, context.signal)
  return folder
}

const check = (folder: string, list: string) => runProgram('sha256sum', ['--strict', '--check', list], { cwd: folder })

for (const [compression, unpack] of [
  ['xz', 'xz'],
  ['none', undefined],
] as const) {
  test(`the sums are those of the files: ${compression}`, async context => {
    const folder = await outputs(context, compression)
    // Under the name that the list gives it.
    await copyFile(join(folder, 'oobm.img'), join(folder, 'oobm-1.img'))
    assert.equal((await check(folder, 'oobm-1.img.sha256')).stdout, 'oobm-1.img: OK\n')
    if (unpack === undefined) return
    assert.equal((await check(folder, 'oobm-1.img.xz.sha256')).stdout, 'oobm-1.img.xz: OK\n')
    const [image] = JSON.parse(await readFile(join(folder, 'os_list.json'), 'utf8')).os_list
    const unpacked = join(folder, 'unpacked')
    await mkdir(unpacked)
    await copyFile(join(folder, 'oobm-1.img.xz'), join(unpacked, 'x.img.xz'))
    assert.is((await runProgram(unpack, ['-d', join(unpacked, 'x.img.xz')])).code, 0)
    const sum = (await runProgram('sha256sum', [join(unpacked, 'x.img')])).stdout.split(' ')[0]
    assert.equal(
      [image.extract_sha256, image.extract_size, image.image_download_size],
      [sum, (await stat(join(unpacked, 'x.img'))).size, (await stat(join(folder, 'oobm-1.img.xz'))).size],
    )
    assert.match(await readFile(join(folder, 'oobm-1.spdx.json'), 'utf8'), sum ?? 'no sum')
  })
}

test.run()
