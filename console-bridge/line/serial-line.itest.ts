/** The line on a real pty. */
import { rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { consoleSchema } from '../../formats/console-settings.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { ptyTarget } from '../../testbed/pty-target.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { openSerialLine } from './serial-line.ts'

const test = suite('serial line')
const LIMIT = { timeoutMs: 60_000 }

async function open(context: TestContext, path: string) {
  const told: string[] = []
  const line = await openSerialLine(consoleSchema.parse({ name: 'core-sw1', path }), {
    onData: bytes => told.push(bytes.toString()),
    onHeld: () => {},
    onClose: cause => told.push(`closed: ${cause}`),
  })
  context.cleanup(() => line.close())
  return { line, told }
}

test(
  'ends when the device file is another one now, although the old one still answers',
  async context => {
    const directory = await scratchDirectory(context)
    const [first, second] = [
      await ptyTarget(context, directory, 'first'),
      await ptyTarget(context, directory, 'second'),
    ]
    const path = join(directory, 'console')
    await symlink(first.path, path)
    const { line, told } = await open(context, path)
    assert.is(line.write(Buffer.from('to the first')), 12)
    await first.hears(/^to the first$/)
    await symlink(second.path, join(directory, 'new'))
    await rename(join(directory, 'new'), path)
    await waitFor('its end', () => told.length > 0)
    assert.equal(told, ['closed: unplugged, or the adapter failed'])
    assert.throws(() => line.write(Buffer.from('x')), /is closed/)
    assert.is(second.heard(), '')
  },
  LIMIT,
)

test(
  'takes what it has room for, and discards it on request',
  async context => {
    const target = await ptyTarget(context, await scratchDirectory(context))
    const { line } = await open(context, target.path)
    target.stall(true)
    let taken = 0
    await waitFor('the line to be full', () => {
      const bytes = line.write(Buffer.alloc(4_096, 'x'))
      taken += bytes
      return bytes === 0
    })
    assert.ok(taken > 0)
    await line.discard()
    target.stall(false)
    line.write(Buffer.from('after'))
    await target.hears(/after$/)
    assert.ok(target.heard().length < taken, `${target.heard().length} of ${taken} bytes came after all`)
  },
  LIMIT,
)

test(
  'reports once that it is gone, and takes nothing after',
  async context => {
    const target = await ptyTarget(context, await scratchDirectory(context))
    const { line, told } = await open(context, target.path)
    await target.unplug()
    await waitFor('its end', () => told.length > 0)
    assert.throws(() => line.write(Buffer.from('x')), /is closed/)
    await line.close()
    assert.equal(told, ['closed: unplugged, or the adapter failed'])
  },
  LIMIT,
)

test(
  'changes its speed while it is open, also to one that only the driver knows',
  async context => {
    const target = await ptyTarget(context, await scratchDirectory(context))
    const { line } = await open(context, target.path)
    const ofKernel = async () => (await runProgram('stty', ['-F', target.path])).stdout.match(/speed (\d+) baud/)?.[1]
    for (const baudRate of [115_200, 250_000, 9_600]) {
      await line.set({ baudRate })
      assert.is(line.settings.baudRate, baudRate)
      // stty(1) reads a speed that has no name as 0 (BOTHER, termios(4)).
      assert.is(await ofKernel(), baudRate === 250_000 ? '0' : String(baudRate))
    }
    line.write(Buffer.from('still open'))
    await target.hears(/^still open$/)
  },
  LIMIT,
)

test(
  'keeps its settings where the line refuses new ones, and stays open',
  async context => {
    const target = await ptyTarget(context, await scratchDirectory(context))
    const { line, told } = await open(context, target.path)
    const before = line.settings
    // A pty forces eight bits and no parity (pty_set_termios in pty.c).
    const wanted = { baudRate: 19_200, parity: 'even', dataBits: 7, stopBits: 2 } as const
    const refused = await line.set(wanted).catch((err: Error) => err.message)
    assert.is(refused, 'the adapter does not support 19200 7E2')
    assert.equal(line.settings, before)
    // The pty took the second stop bit.
    assert.match((await runProgram('stty', ['-a', '-F', target.path])).stdout, /speed 9600 baud[\s\S]* -cstopb /)
    assert.is(await line.modemLines(), undefined)
    assert.match(String(await line.setModemLines({ dtr: false }).catch(errorMessage)), /has no modem lines/)
    target.says('still open')
    await waitFor('output', () => told.join('') === 'still open')
  },
  LIMIT,
)

test.run()
