/** What open, close, restart and crash of the bridge do to DTR, RTS and BREAK: the system calls, by strace on a pty. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { runCommand, startBridge, statusWhere } from '../testing/bridge-fixture.ts'
import { bridgeOnPty } from '../testing/bridge-on-pty.ts'

const test = suite('modem lines')
const LIMIT = { timeoutMs: 120_000 }

/** Each trace with the system calls that change a modem line, BREAK, or what close does to them. */
function under(trace: string): string[] {
  return ['strace', '-D', '-f', '-v', '-e', 'trace=ioctl,openat', '-o', trace]
}

async function callsOn(trace: string, device: string) {
  const lines = (await readFile(trace, 'utf8')).split('\n')
  const opened = lines.findIndex(line => line.includes(`"${device}"`) && line.includes('O_RDWR'))
  assert.ok(opened >= 0, 'the device was opened')
  const calls = lines.flatMap(line => {
    const [, name, rest] =
      /ioctl\(\d+, (?:SNDCTL_\w+ or )?(TIOC[SC]BRK|TIOCMSET|TIOCMBI[SC]|TCSETS\w*)(.*)/.exec(line) ?? []
    return name === undefined ? [] : [{ name, rest: rest ?? '' }]
  })
  return {
    breaks: calls.filter(({ name }) => /BRK$/.test(name)).map(({ name }) => name),
    modem: calls.filter(({ name }) => name.startsWith('TIOCM')),
    /** Settings that make a close lower both lines, or lower them at once (B0, tty_ioctl(4)). */
    lowering: calls.filter(({ name, rest }) => name.startsWith('TCSETS') && /HUPCL|c_cflag=B0\b/.test(rest)),
    settings: calls.filter(({ name }) => name.startsWith('TCSETS')),
  }
}

test(
  'open and close raise DTR and RTS at most, and never send BREAK',
  async context => {
    const trace = join(await scratchDirectory(context), 'trace')
    const { target, files, bridge } = await bridgeOnPty(context, {}, under(trace))
    await target.unplug()
    await statusWhere(files, 'unplugged', ({ consoles }) => consoles[0]?.state === 'closed')
    await target.plug()
    await statusWhere(files, 'plugged in', ({ consoles }) => consoles[0]?.state === 'open')
    assert.equal(await bridge.stop(10_000), { code: 0, signal: null })
    await waitFor('the tracer to be done', async () => /exited with 0/.test(await readFile(trace, 'utf8')))
    const { breaks, modem, lowering, settings } = await callsOn(trace, target.path)
    assert.ok(settings.length > 0, 'the trace has what this test is about')
    assert.equal(lowering, [])
    // One at each of the two opens, and none at a close.
    assert.equal(breaks, ['TIOCCBRK', 'TIOCCBRK'])
    assert.is(modem.length, 2)
    for (const { name, rest } of modem) assert.match(`${name}${rest}`, /^TIOCMSET.*TIOCM_DTR.*TIOCM_RTS/)
  },
  LIMIT,
)

test(
  'a BREAK of a bridge that was killed ends when the next one opens the line',
  async context => {
    const directory = await scratchDirectory(context)
    const [first, second] = [join(directory, 'first'), join(directory, 'second')]
    const { target, files } = await bridgeOnPty(context, {}, under(first))
    const ran = runCommand(files, 'alice', 'core-sw1', 'break', '3000')
    await waitFor('the break to begin', async () => /TIOCSBRK/.test(await readFile(first, 'utf8')))
    const { pid } = await statusWhere(files, 'there', () => true)
    process.kill(pid, 'SIGKILL')
    await ran
    assert.equal((await callsOn(first, target.path)).breaks, ['TIOCCBRK', 'TIOCSBRK'])
    await startBridge(context, files, under(second))
    await statusWhere(files, 'open again', status => status.pid !== pid && status.consoles[0]?.state === 'open')
    await waitFor('the end of the break', async () => (await callsOn(second, target.path)).breaks.length > 0)
    assert.equal((await callsOn(second, target.path)).breaks, ['TIOCCBRK'])
  },
  LIMIT,
)

test.run()
