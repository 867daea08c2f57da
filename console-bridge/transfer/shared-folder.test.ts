import { link, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { SharedFolder, safeName } from './shared-folder.ts'

const test = suite('shared folder')

test('a name of a target becomes a plain one', () => {
  for (const [offered, name] of [
    ['ios-15.2(7).bin', 'ios-15.2_7_.bin'],
    ['/etc/passwd', 'passwd'],
    ['C:\\boot\\image.bin', 'image.bin'],
    ['../../.ssh/authorized_keys', 'authorized_keys'],
    ['..', 'received'],
    ['.hidden', 'hidden'],
    ['--option', 'option'],
    ['dump.part', 'dump.part_'],
    ['a\x1b[2Jb', 'a__2Jb'],
    ['n'.repeat(300), 'n'.repeat(100)],
    ['folder/', 'received'],
  ] as const)
    assert.is(safeName(offered), name)
})

test('a received file takes a free name, also when somebody takes it meanwhile; what is not complete goes', async context => {
  const path = await scratchDirectory(context)
  const outside = join(path, 'outside')
  await mkdir(join(path, 'shared'))
  await symlink(outside, join(path, 'shared', 'new.1'))
  const folder = new SharedFolder(join(path, 'shared'))
  const saved: string[] = []
  const incoming = folder.incoming('new', ({ name, size }) => saved.push(`${name} ${size}`))
  await incoming.begin({ name: '', size: undefined })
  await incoming.write(Buffer.from('theirs'))
  await writeFile(join(path, 'shared', 'new'), 'mine')
  assert.is(await incoming.end(), undefined)
  assert.equal(saved, ['new.2 6'])
  await incoming.begin({ name: 'half', size: undefined })
  await incoming.write(Buffer.from('half'))
  await incoming.close()
  assert.equal((await readdir(join(path, 'shared'))).sort(), ['new', 'new.1', 'new.2'])
  assert.is(await readFile(join(path, 'shared', 'new'), 'utf8'), 'mine')
  assert.equal(await readdir(path), ['shared'])
})

test('a target that offers files without an end is refused, and a file beyond the bound', async context => {
  const incoming = new SharedFolder(await scratchDirectory(context)).incoming('', () => {})
  context.cleanup(() => incoming.close())
  assert.is(await incoming.begin({ name: 'large', size: 134_217_729 }), 'the file is larger than 134217728 bytes')
  await incoming.close()
  let answer: string | undefined
  for (let file = 2; answer === undefined && file < 100; file++) {
    answer = await incoming.begin({ name: `f${file}`, size: 1 })
    if (answer === undefined) assert.is(await incoming.end(), undefined)
  }
  assert.is(answer, 'the target offers more than 32 files')
})

test('opens regular files with one name, and nothing else', async context => {
  const path = await scratchDirectory(context)
  const folder = new SharedFolder(path)
  await writeFile(join(path, 'file'), 'x')
  await writeFile(join(path, 'other'), 'secret')
  await link(join(path, 'other'), join(path, 'second'))
  await symlink('file', join(path, 'link'))
  await mkdir(join(path, 'folder'))
  const opened = await folder.open('file')
  assert.not(typeof opened === 'string')
  if (typeof opened !== 'string') await opened.file.close()
  for (const name of ['other', 'second', 'link', 'folder', '.', '..', '/etc/passwd', 'folder/../file', ' file', ''])
    assert.type(await folder.open(name), 'string', name)
  const listed = await folder.list()
  assert.not(typeof listed === 'string')
  if (typeof listed !== 'string') assert.equal([listed.files.map(({ name }) => name), listed.others], [['file'], 4])
})

test.run()
