/** A boot partition that is mounted read-only, full, or not to be written at all: tmpfs in a mount namespace. */
import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { type Board, makeBoard } from './testing/board.ts'

const test = suite('boot partition')
const ROOT = join(import.meta.dirname, '../..')

/** `mount` as the test wants it, before the one that the system has. */
const REFUSING_MOUNT = '#!/bin/sh\necho "mount: cannot remount read-write, is write-protected" >&2\nexit 32\n'

interface Booted {
  code: number | null
  output: string
  /** The files of the partition afterwards, and its mount options. */
  left: string[]
  options: string
}

interface BootOptions {
  size?: string
  fill?: number
  protectedCard?: boolean
  /** Seen through a unit's ReadWritePaths=: the mount is writable, its file system is not. */
  asUnit?: boolean
}

/** One boot with the partition as a tmpfs of its own, holding what the board's boot folder holds. */
async function bootWith(
  context: TestContext,
  board: Board,
  { size = '1m', fill = 0, protectedCard = false, asUnit = false }: BootOptions,
): Promise<Booted> {
  const bin = join(board.root, '../bin')
  const script = `
    cp -r '${board.boot}' '${board.boot}.copy'
    mount -t tmpfs -o size=${size} none '${board.boot}'
    cp '${board.boot}.copy'/* '${board.boot}'
    ${fill > 0 ? `head -c ${fill} /dev/zero >'${board.boot}/kernel.img' || true` : ''}
    mount -o remount,ro '${board.boot}'
    ${asUnit ? `mount --bind '${board.boot}' '${board.boot}'; mount -o remount,bind,rw '${board.boot}'` : ''}
    ${protectedCard ? `PATH='${bin}':$PATH` : ''}
    code=0
    node --import tsx device/main.ts provision --boot '${board.boot}' --root '${board.root}' || code=$?
    ls -A '${board.boot}' >'${board.root}/left'
    grep ' ${board.boot} ' /proc/self/mountinfo | tail -n 1 | sed 's/.* //' >'${board.root}/options'
    rm -r '${board.boot}.copy'
    exit $code`
  await runProgram('mkdir', ['-p', bin])
  await writeFile(join(bin, 'mount'), REFUSING_MOUNT, { mode: 0o755 })
  const { code, stdout, stderr } = await runProgram('unshare', ['-m', 'sh', '-euc', script], {
    cwd: ROOT,
    timeoutMs: 60_000,
  })
  const output = stdout + stderr
  context.onFailure(() => output)
  const read = async (name: string) => (await readFile(join(board.root, name), 'utf8')).trim()
  return { code, output, left: (await read('left')).split('\n'), options: await read('options') }
}

test('a file that is taken off the card is overwritten where it lies, before its name goes', async context => {
  const directory = await scratchDirectory(context)
  const secret = 'private key '.repeat(1_000)
  await writeFile(join(directory, 'oobm.toml'), secret)
  const program = `const { eraseFile } = await import('./device/provision/boot-partition.ts'); await eraseFile('${directory}', 'oobm.toml')`
  const log = join(directory, 'trace')
  const strace = ['-f', '-y', '-s', '20000', '-o', log, '-e', 'trace=rename,write,pwrite64,fsync,ftruncate,unlink']
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program]
  const { code, stderr } = await runProgram('strace', [...strace, ...node], { cwd: ROOT })
  assert.is(code, 0, stderr)
  const calls = (await readFile(log, 'utf8')).split('\n').filter(call => call.includes(`${directory}/`))
  const kinds = calls.map(call => /^\d+ +(\w+)\(/.exec(call)?.[1])
  assert.equal(kinds, ['rename', 'pwrite64', 'fsync', 'ftruncate', 'fsync', 'unlink'], calls.join('\n'))
  assert.match(calls[1] ?? '', new RegExp(`"(\\\\0){${secret.length}}", ${secret.length}, 0\\) = ${secret.length}$`))
  assert.equal(await readdir(directory), ['trace'])
})

if (spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt']).status !== 0) {
  test.skip('is written for a moment, and read-only again', 'needs root: a mount of its own')
} else {
  for (const asUnit of [false, true]) {
    test(`is written for a moment, and read-only again${asUnit ? ', as its unit sees it' : ''}`, async context => {
      const board = await makeBoard(context)
      await board.put('oobm.toml', board.issue())
      const { code, left, options, output } = await bootWith(context, board, { asUnit })
      assert.is(code, 0, output)
      assert.equal(left, ['oobm-imported.txt'])
      assert.match(options, /^ro/)
    })
  }

  test('write-protected: the device imports the file once, and reports that it is still there', async context => {
    const board = await makeBoard(context)
    await board.put('oobm.toml', board.issue())
    const first = await bootWith(context, board, { protectedCard: true })
    assert.is(first.code, 0, first.output)
    assert.match(first.output, 'cannot be written: ')
    assert.match(first.output, 'keys may still be on the card: oobm.toml')
    assert.equal(first.left, ['oobm.toml'])
    assert.match((await board.read('etc/oobm/device.toml')) ?? '', 'tokyo-rack1')
    // What was set since then is not undone by the file that is still there.
    const device = ((await board.read('etc/oobm/device.toml')) ?? '').replace('baud_rate = 9600', 'baud_rate = 115200')
    await writeFile(join(board.root, 'etc/oobm/device.toml'), device)
    await bootWith(context, board, { protectedCard: true })
    assert.is(await board.read('etc/oobm/device.toml'), device)
    assert.match((await board.read('etc/oobm/secrets/taken')) ?? '', /^[0-9a-f]{64}$/)
    // Writable again, it is cleaned at the next start.
    const last = await bootWith(context, board, {})
    assert.equal(last.left, [''])
    assert.is(await board.read('etc/oobm/device.toml'), device)
    assert.is(await board.read('etc/oobm/secrets/taken'), undefined)
  })

  test('full: the device imports the settings and erases the keys; an error is in the journal at least', async context => {
    const board = await makeBoard(context)
    await board.put('oobm.toml', board.issue())
    const good = await bootWith(context, board, { size: '64k', fill: 1_000_000 })
    assert.is(good.code, 0, good.output)
    assert.equal(good.left, ['kernel.img', 'oobm-imported.txt'])
    await board.put('oobm.toml', 'listener_port = 0\n')
    const wrong = await bootWith(context, board, { size: '64k', fill: 1_000_000 })
    assert.is(wrong.code, 78)
    assert.equal(wrong.left, ['kernel.img', 'oobm.toml'])
    assert.match(wrong.output, 'cannot be written: ENOSPC')
    assert.match(wrong.output, 'line 1, listener_port: must be 1 to 65535')
    assert.match((await board.read('run/oobm-provision/fault')) ?? '', 'line 1, listener_port')
  })
}

test.run()
