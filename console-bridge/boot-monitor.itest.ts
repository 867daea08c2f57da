/** A real boot monitor, U-Boot on an emulated board, takes files by YMODEM and XMODEM; then it is as it was. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, openTerminal, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'
import { FILE } from './testing/transfer-line.ts'

const test = suite('boot monitor')
const U_BOOT = '/usr/lib/u-boot/qemu_arm/u-boot.bin'
const QEMU = '/usr/bin/qemu-system-arm'
const ADDRESS = '0x42000000'

if (existsSync(U_BOOT) && existsSync(QEMU)) {
  test('U-Boot: loady and loadx, by command and by the menu', takesFiles, { timeoutMs: 240_000 })
} else {
  test.skip('U-Boot: loady and loadx, by command and by the menu', 'needs u-boot-qemu and qemu-system-arm')
}

async function takesFiles(context: TestContext) {
  const board = startProgram(QEMU, [
    ...['-M', 'virt', '-m', '128', '-bios', U_BOOT, '-display', 'none', '-monitor', 'none', '-nic', 'none'],
    ...['-serial', 'pty', '-no-reboot'],
  ])
  context.cleanup(() => board.stop())
  context.onFailure(board.output)
  const [, path = ''] = await board.says(/char device redirected to (\S+)/)
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path, baudRate: 115_200 }])
  const shared = join(files.directory, 'files')
  await runProgram('mkdir', [shared])
  await writeFile(join(shared, 'u-boot.img'), FILE)
  files.env.OOBM_FILES = shared
  await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const terminal = openTerminal(context, 'ssh', sshArgs(files, 'alice', 'core-sw1'))
  await terminal.says(/for help\]/)
  let from = 0
  const says = async (pattern: RegExp) => {
    await waitFor(`${pattern}; output:\n${terminal.output()}`, () => pattern.test(terminal.output().slice(from)), {
      timeoutMs: 60_000,
    })
    from = terminal.output().length
  }
  // It counts down before it boots; a key stops it.
  const prompt = /=> $/
  await waitFor('the prompt', () => terminal.types('\r') ?? (prompt.test(terminal.output()) || undefined), {
    timeoutMs: 60_000,
  })
  from = terminal.output().length
  const checks = async (bytes: Buffer) => {
    from = terminal.output().length
    terminal.types(`crc32 ${ADDRESS} ${bytes.length.toString(16)}\r`)
    await says(new RegExp(`==> ${crc32(bytes).toString(16).padStart(8, '0')}`))
  }

  const send = (command: string) => {
    const ssh = ['ssh', ...sshArgs(files, 'alice', 'core-sw1', ...command.split(' '))].join(' ')
    return runProgram('sh', ['-c', `exec ${ssh} <${shared}/u-boot.img`], { timeoutMs: 60_000 })
  }
  for (const [load, command] of [
    ['loady', 'ymodem send u-boot.img'],
    ['loadx', 'xmodem send --1k'],
  ] as const) {
    from = terminal.output().length
    terminal.types(`mw.b ${ADDRESS} 0 4000; ${load} ${ADDRESS}\r`)
    await says(/Ready for binary \([xy]modem\) download/)
    const sent = await send(command)
    assert.is(sent.code, 0, sent.stderr)
    // Its own words after the transfer, and its prompt.
    await says(/## Total Size +=[\s\S]*=> /)
    await checks(FILE)
  }

  terminal.types(`mw.b ${ADDRESS} 0 4000; loady ${ADDRESS}\r`)
  await says(/Ready for binary/)
  terminal.types('\x1dt')
  await says(/\(s, r\)/)
  terminal.types('s y 1\r')
  await says(/speed for its duration/)
  terminal.types('\r')
  await says(/is over: the file is complete[\s\S]*## Total Size +=[\s\S]*=> /)
  await checks(FILE)

  // Without a command for it, nothing reaches the prompt; the other end cancels.
  terminal.types('\x1dt')
  await says(/\(s, r\)/)
  terminal.types('s x 1\r')
  await says(/speed for its duration/)
  terminal.types('\r')
  await says(/waiting for the target/)
  terminal.types('\x1dx')
  await says(/is over: alice stopped it/)
  terminal.types('version\r')
  await says(/\r\nU-Boot 20[\s\S]*=> /)
}

test.run()
