/** A console on `exec:COMMAND`: real programs on a terminal, ssh to a real sshd among them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { startSshd } from '../../testbed/sshd.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { bridgeOnLine } from '../testing/line-program.ts'

const test = suite('exec line')

test('ssh as the command: a shell at the far end, on a terminal', async context => {
  const directory = await scratchDirectory(context)
  const [hostKey, key] = [await makeKey(directory, 'host'), await makeKey(directory, 'key')]
  const port = await freePort()
  const sshd = await startSshd({
    directory: join(directory, 'sshd'),
    port,
    hostKey,
    authorizedKeys: [`${key.path}.pub`],
  })
  context.cleanup(() => sshd.stop())
  const known = join(directory, 'known_hosts')
  await writeFile(known, `[127.0.0.1]:${port} ${hostKey.publicKey}\n`)
  const command = `exec:ssh -F none -tt -p ${port} -i ${key.path} -o UserKnownHostsFile=${known} -o StrictHostKeyChecking=yes $OOBM_LINE_HOST`
  const { untilOpen, untilClosed, attach } = await bridgeOnLine(context, command, { addresses: ['127.0.0.1'] })
  await untilOpen()
  const alice = await attach('alice')
  assert.match(alice.output(), /console core-sw1 on exec:ssh, a command\]/)
  alice.types('echo "tty $(tty) size $(stty size)"\r')
  await alice.says(/tty \/dev\/pts\/\d+ size 24 80/)
  alice.types('exit 3\r')
  await untilClosed(/^ssh ended with exit code 3$/)
  await untilOpen()
})

test('says how the command ended, and starts it again; BREAK is what exec_break says', async context => {
  const directory = await scratchDirectory(context)
  const log = join(directory, 'log')
  const command = `exec:echo start >>${log}; echo login:; head -n 2 >>${log}; exit 42`
  const { untilOpen, untilClosed, attach, run } = await bridgeOnLine(context, command, { execBreak: '~B\r' })
  await untilOpen()
  const alice = await attach('alice')
  const sent = await run('break')
  assert.is(sent.code, 0, sent.stderr)
  alice.types('last\r')
  await untilClosed(/^echo ended with exit code 42$/)
  await untilOpen()
  await waitFor('the second start', async () => {
    const { stdout } = await runProgram('cat', [log])
    return stdout === 'start\n~B\nlast\nstart\n'
  })
})

test('without exec_break, BREAK, settings and modem lines are refused in words', async context => {
  const { untilOpen, run } = await bridgeOnLine(context, 'exec:cat')
  await untilOpen()
  const cases: [command: string[], words: RegExp][] = [
    [['break'], /a command has no BREAK: exec_break in its settings says what to send in its place/],
    [['set', 'speed', '115200'], /a command has no speed and framing/],
    [['set', 'rts', 'off'], /a command has no DTR and RTS/],
    [['autobaud'], /the line has no speed here: a command/],
  ]
  for (const [command, words] of cases) {
    const { code, stdout, stderr } = await run(...command)
    assert.is.not(code, 0, command.join(' '))
    assert.match(stdout + stderr, words)
  }
})

test('a command that does not exist, that is not there, or that ignores its end', async context => {
  const missing = await bridgeOnLine(context, 'exec:no-such-program --x')
  await missing.untilClosed(/^no-such-program ended with exit code 127: there may be no such program$/)
  const empty = await bridgeOnLine(context, 'exec:')
  await empty.untilClosed(/^no command: root writes it into \/etc\/oobm\/device.toml/)
  const directory = await scratchDirectory(context)
  const pid = join(directory, 'pid')
  const stubborn = await bridgeOnLine(context, `exec:trap "" TERM; echo $$ >${pid}; while :; do sleep 1; done`)
  await stubborn.untilOpen()
  await waitFor('its start', async () => (await runProgram('cat', [pid])).stdout !== '')
  await stubborn.bridge.stop(10_000)
  const { stdout } = await runProgram('cat', [pid])
  await waitFor('its end', async () => (await runProgram('kill', ['-0', stdout.trim()])).code !== 0)
})

test('a flood waits for the bridge, and all of it arrives', async context => {
  const { untilOpen, run } = await bridgeOnLine(context, 'exec:seq 1 200000; echo end-of-seq; cat')
  await untilOpen()
  await waitFor('all of it', async () => {
    const { stdout } = await run('log', '--lines', '2')
    return /200000[\s\S]*end-of-seq/.test(stdout)
  })
})

test.run()
