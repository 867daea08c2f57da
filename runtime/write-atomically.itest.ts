import { chmod, chown, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { isLeftover, removeLeftovers, replaceLink, writeAtomically } from './write-atomically.ts'

const test = suite('write atomically')
const isRoot = process.getuid?.() === 0
/** An account that need not exist. */
const SOMEBODY = 54321

/** The system calls of one write in a process of its own, with a umask that would take away what the mode gives. */
async function traced(directory: string, path: string): Promise<string[]> {
  const program = `process.umask(0o077); const { writeAtomically } = await import('${pathToFileURL(join(import.meta.dirname, 'write-atomically.ts'))}'); await writeAtomically('${path}', 'new', 0o644)`
  const log = join(directory, 'trace')
  const calls = 'trace=openat,rename,renameat,renameat2,fsync,write,pwrite64,fchmod,chmod'
  const strace = ['-f', '-y', '-o', log, '-e', calls, process.execPath, '--import', 'tsx', '--input-type=module']
  const { code, stderr } = await runProgram('strace', [...strace, '-e', program])
  assert.is(code, 0, stderr)
  return (await readFile(log, 'utf8')).split('\n').filter(line => line.includes(directory) || line.includes('.new'))
}

test('is on the disk before it has its name, and its name is on the disk before it returns', async context => {
  const directory = await scratchDirectory(context)
  const path = join(directory, 'file')
  await writeFile(path, 'old', { mode: 0o600 })
  const calls = await traced(directory, path)
  const find = (pattern: RegExp, after = 0) => {
    const index = calls.findIndex((call, at) => at >= after && pattern.test(call))
    assert.ok(index >= 0, `${pattern} in\n${calls.join('\n')}`)
    return index
  }
  // By way of the folder that was looked at, whatever takes its name meanwhile.
  const made = find(
    /openat\(.*"\/proc\/self\/fd\/\d+\/file\.[0-9a-f]{24}\.new", O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW.*, 0600\)/,
  )
  const written = find(/write(64)?\(\d+<[^>]*\.new>, "new"/, made)
  const allowed = find(/fchmod\(\d+<[^>]*\.new>, 0644\)/, made)
  const synced = find(/fsync\(\d+<[^>]*\.new>/, Math.max(written, allowed))
  const renamed = find(/rename\w*\(.*\.new".*\/file"/, synced)
  find(new RegExp(`fsync\\(\\d+<${directory}>`), renamed)
  assert.equal([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777], ['new', 0o644])
  assert.equal((await readdir(directory)).sort(), ['file', 'trace'])
})

test('gives the file the mode asked for, whatever the umask and the old one had', async context => {
  const directory = await scratchDirectory(context)
  const before = process.umask(0o077)
  context.cleanup(() => process.umask(before))
  for (const mode of [0o600, 0o640, 0o644, 0o666, 0o400]) {
    await writeAtomically(join(directory, 'file'), 'text', mode)
    assert.is((await stat(join(directory, 'file'))).mode & 0o777, mode)
  }
})

test('writes to nothing that others put in its way, however many names they guess', async context => {
  const directory = await scratchDirectory(context)
  const victim = join(directory, 'victim')
  await writeFile(victim, 'precious')
  const folder = join(directory, 'request')
  await mkdir(folder)
  // The names of old, for this process and those around it.
  for (let pid = process.pid - 5; pid <= process.pid + 5; pid++) await symlink(victim, join(folder, `word.${pid}.new`))
  for (const name of ['word.new', '.word.new', 'word.tmp']) await symlink(victim, join(folder, name))
  await symlink(victim, join(folder, 'word'))
  await writeAtomically(join(folder, 'word'), 'mine', 0o644)
  assert.is(await readFile(victim, 'utf8'), 'precious')
  assert.ok((await lstat(join(folder, 'word'))).isFile(), 'the link is replaced, not followed')
  assert.is(await readFile(join(folder, 'word'), 'utf8'), 'mine')
})

test('has another name for each write, also of one process at one moment', async context => {
  const directory = await scratchDirectory(context)
  const texts = Array.from({ length: 20 }, (_, n) => `text ${n}`)
  // One name for two would fail here: what is there is never written to.
  await Promise.all(texts.map(text => writeAtomically(join(directory, 'file'), text, 0o600)))
  assert.ok(texts.includes(await readFile(join(directory, 'file'), 'utf8')))
  assert.equal(await readdir(directory), ['file'])
})

test('leaves the old file and nothing beside it when it fails, and names the file as the caller does', async context => {
  const directory = await scratchDirectory(context)
  await mkdir(join(directory, 'taken'))
  await writeFile(join(directory, 'taken', 'inside'), '')
  const path = join(directory, 'taken')
  for (const attempt of [() => writeAtomically(path, 'x', 0o600), () => replaceLink(path, 'x')]) {
    const err = await attempt().catch((thrown: Error) => thrown)
    assert.ok(err instanceof Error)
    assert.match(err.message, path)
    assert.not.match(err.message, '/proc/')
  }
  assert.equal(await readdir(directory), ['taken'])
  const none = await writeAtomically(join(directory, 'none', 'file'), 'x', 0o600).catch(
    (err: NodeJS.ErrnoException) => err,
  )
  assert.is((none as NodeJS.ErrnoException).code, 'ENOENT')
})

test('points a link elsewhere, and follows one of its own user to a folder', async context => {
  const directory = await scratchDirectory(context)
  await mkdir(join(directory, 'one'))
  await replaceLink(join(directory, 'current'), 'nowhere')
  await replaceLink(join(directory, 'current'), 'one')
  assert.is(await readlink(join(directory, 'current')), 'one')
  await writeAtomically(join(directory, 'current', 'file'), 'x', 0o600)
  assert.equal(await readdir(join(directory, 'one')), ['file'])
  assert.equal((await readdir(directory)).sort(), ['current', 'one'])
})

test('knows what a power cut has left, also of earlier releases', () => {
  assert.ok(isLeftover('device.toml.0123456789abcdef01234567.new'))
  assert.ok(isLeftover('state.json.4711.new', 'state.json'))
  assert.not(isLeftover('state.json.4711.new', 'state'))
  for (const name of ['device.toml', 'device.toml.new', 'mine.new', '.new', 'a.xyz.new'])
    assert.not(isLeftover(name), name)
})

test('removes what a power cut has left, and nothing else', async context => {
  const directory = await scratchDirectory(context)
  for (const name of ['seats.json', 'seats.json.0123456789abcdef01234567.new', 'mine.new'])
    await writeFile(join(directory, name), '')
  await removeLeftovers(directory)
  assert.equal((await readdir(directory)).sort(), ['mine.new', 'seats.json'])
  await removeLeftovers(join(directory, 'none'))
})

if (!isRoot) test.skip('in a folder of somebody else', 'needs root')
else {
  test('as root, keeps the owner of a file in their own folder, and gives nobody else a file of root’s', async context => {
    const directory = await scratchDirectory(context)
    const ownerAfter = async (folderOwner: number, fileOwner: number | undefined) => {
      const folder = join(directory, `${folderOwner}-${fileOwner}`)
      await mkdir(folder)
      const path = join(folder, 'file')
      if (fileOwner !== undefined) {
        await writeFile(path, 'old')
        await chown(path, fileOwner, fileOwner)
      }
      await chown(folder, folderOwner, folderOwner)
      await writeAtomically(path, 'secret', 0o600)
      const { uid, gid, mode } = await stat(path)
      return [uid, gid, (mode & 0o777).toString(8)]
    }
    assert.equal(await ownerAfter(SOMEBODY, SOMEBODY), [SOMEBODY, SOMEBODY, '600'])
    assert.equal(await ownerAfter(SOMEBODY, undefined), [0, 0, '600'], 'a new file')
    assert.equal(await ownerAfter(0, SOMEBODY), [0, 0, '600'], 'in /tmp, anybody may have put it there')
    assert.equal(await ownerAfter(SOMEBODY, SOMEBODY + 1), [0, 0, '600'], 'put into a folder that a group may write')
  })

  test('as root, follows no link of somebody else to a folder', async context => {
    const directory = await scratchDirectory(context)
    const [run, target] = [join(directory, 'run'), join(directory, 'cron.d')]
    for (const folder of [run, target]) await mkdir(folder)
    await chmod(directory, 0o755)
    const program = `require('node:fs').symlinkSync('${target}', '${run}/request')`
    await chown(run, SOMEBODY, SOMEBODY)
    const made = await runProgram('setpriv', [
      ...[`--reuid=${SOMEBODY}`, `--regid=${SOMEBODY}`, '--clear-groups'],
      ...[process.execPath, '-e', program],
    ])
    assert.is(made.code, 0, made.stderr)
    const err = await writeAtomically(join(run, 'request', 'test'), 'x', 0o644).catch((thrown: Error) => thrown)
    assert.ok(err instanceof Error, 'it was followed')
    assert.equal(await readdir(target), [])
  })
}

test.run()
