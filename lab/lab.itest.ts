import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { openTerminal } from '../console-bridge/testing/bridge-fixture.ts'
import { assertPrinted } from '../device/testing/printed.ts'
import { buildInto } from '../testbed/programs.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { signalProcess } from '../testbed/sshd.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'

const test = suite('lab')
const LIMIT = { timeoutMs: 200_000 }
/** Milliseconds for a start, an answer or an end, on a machine that does much else. */
const PATIENCE_MS = 60_000

/** The programs in a folder of their own, as `make run` starts them, and empty folders to see what gets into them. */
async function prepare(context: TestContext) {
  const scratch = await scratchDirectory(context)
  await buildInto(join(scratch, 'build'))
  for (const name of ['tmp', 'home']) await mkdir(join(scratch, name))
  const directory = join(scratch, 'lab')
  const env = { TMPDIR: join(scratch, 'tmp'), HOME: join(scratch, 'home') }
  // Nothing of the lab outlives the test, also when it fails.
  context.cleanup(async () => {
    for (const pid of await processesBelow(scratch)) signalProcess(pid, 'SIGKILL')
  })
  return { scratch, directory, env, command: [join(scratch, 'build/lib/lab.cjs'), '--directory', directory] }
}

/** Everything that runs with that folder in its command line or its environment. */
async function processesBelow(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const found: number[] = []
  for (const pid of pids) {
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')
    if (`${await read('cmdline')}${await read('environ')}`.includes(`${folder}/`)) found.push(pid)
  }
  return found
}

function ledOf(directory: string): Promise<string> {
  return readFile(join(directory, 'led'), 'utf8').then(
    state => state.trim(),
    () => 'none',
  )
}

test(
  'brings a technician to the router and the shell, and Ctrl-C leaves nothing behind',
  async context => {
    const { scratch, directory, env, command } = await prepare(context)
    const screen = startProgram('script', ['-qfec', ['exec', process.execPath, ...command].join(' '), '/dev/null'], {
      env,
    })
    context.cleanup(() => screen.stop())
    context.onFailure(() => `the screen:\n${screen.output().slice(-1500)}`)
    context.onFailure(() => logsOf(directory))
    await waitFor('the LED to say ready', async () => (await ledOf(directory)) === 'ready' || dieIf(screen), {
      timeoutMs: PATIENCE_MS,
    })
    await screen.says(/tokyo-rack1.*ready.*proved \d+s/, PATIENCE_MS)

    const ssh = (...args: string[]) => ['-F', join(directory, 'ssh_config'), '-o', 'BatchMode=yes', ...args]
    const router = openTerminal(context, 'ssh', ssh('console'))
    await router.says(/Press RETURN/, PATIENCE_MS)
    router.types('\r')
    await router.says(/Router>/, PATIENCE_MS)
    router.types('enable\rreload\r')
    await router.says(/\[confirm\]/, PATIENCE_MS)
    router.types('\r')
    await router.says(/\[confirm\].*System Bootstrap/s, PATIENCE_MS)
    router.types('~B')
    const [, lengthMs] = await router.says(/%CONSOLE: break of (\d+) ms.*rommon 1 > /s, PATIENCE_MS)
    assert.ok(Number(lengthMs) >= 1000, `OpenSSH asks for 1000 ms; the router saw ${lengthMs}`)
    router.types('reset\r')
    await router.says(/rommon 1 > reset.*Self-test.*Press RETURN/s, PATIENCE_MS)
    await waitFor('the LED to say that somebody is in', async () => (await ledOf(directory)) === 'in-use')

    const shell = await runProgram('ssh', ssh('shell', 'id -un'), { timeoutMs: PATIENCE_MS })
    assert.is(shell.code, 0, shell.stderr)
    assert.is(shell.stdout, `${userInfo().username}\n`)
    const sent = await runProgram('ssh', ssh('console', 'break'), { timeoutMs: PATIENCE_MS })
    assert.is(sent.code, 0, sent.stderr)
    await router.says(/rommon 1 > reset.*Press RETURN.*break of \d+ ms/s, PATIENCE_MS)

    // As it is bundled: who asks a console for what it has not, and leaves, must not take it along.
    const files = await runProgram('ssh', ssh('-s', 'console', 'sftp'), { timeoutMs: PATIENCE_MS })
    assert.match(files.stderr, /subsystem request failed/)
    const after = await runProgram('ssh', ssh('console', 'status'), { timeoutMs: PATIENCE_MS })
    assert.is(after.code, 0, after.stderr)

    const status = await runProgram(join(directory, 'oobm'), ['status'], { timeoutMs: PATIENCE_MS })
    assert.match(status.stdout, /core-sw1 +sim:router 9600 8N1 +open.*alice types/s)
    for (const what of ['status', 'doctor']) {
      const { stdout } = await runProgram(join(directory, 'oobm'), [what, '--json'], { timeoutMs: PATIENCE_MS })
      await assertPrinted(what, stdout)
    }
    const second = await runProgram(process.execPath, command, { timeoutMs: PATIENCE_MS })
    assert.match(second.stderr, `A lab runs in ${directory} already`)

    screen.child.stdin?.write('\x03')
    await waitFor('the lab to end', () => screen.ended(), { timeoutMs: PATIENCE_MS })
    assert.is((await screen.stop()).code, 0, 'Ctrl-C is an orderly end')
    assert.is(await ledOf(directory), 'off')
    await waitFor('the technician to be cut off', () => router.ended())
    await assertNothingLeft(scratch)
  },
  LIMIT,
)

test(
  'starts a daemon that was killed again, and ends with the log of one that cannot start',
  async context => {
    const { scratch, directory, env, command } = await prepare(context)
    const lab = startProgram(process.execPath, command, { env })
    context.cleanup(() => lab.stop())
    context.onFailure(() => lab.output())
    await lab.says(/ kobe-rack1 ready: proved/, PATIENCE_MS)
    const statusOf = (device: string) => join(directory, device, 'root/run/oobm-console/status.json')
    const { pid } = JSON.parse(await readFile(statusOf('tokyo-rack1'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    await lab.says(/ tokyo-rack1 its console bridge was started again\n/, PATIENCE_MS)
    await lab.says(/was started again\n[\s\S]* tokyo-rack1 ready: proved/, PATIENCE_MS)

    await writeFile(join(directory, 'kobe-rack1/root/etc/oobm/device.toml'), 'version = 2\n')
    process.kill(JSON.parse(await readFile(statusOf('kobe-rack1'), 'utf8')).pid, 'SIGTERM')
    await waitFor('the lab to end', () => lab.ended(), { timeoutMs: PATIENCE_MS })
    assert.is((await lab.stop()).code, 1)
    assert.match(lab.output(), /kobe-rack1\.oobm-console ended by itself; .*log:\n[\s\S]*device\.toml/)
    await assertNothingLeft(scratch)
  },
  LIMIT,
)

test(
  'leaves no process behind even when it is killed outright, and starts again in the same folder',
  async context => {
    const { scratch, env, command } = await prepare(context)
    for (const _ of ['killed', 'again']) {
      const lab = startProgram(process.execPath, command, { env })
      context.cleanup(() => lab.stop())
      context.onFailure(() => lab.output())
      await lab.says(/ ready: proved/, PATIENCE_MS)
      lab.child.kill('SIGKILL')
      await waitFor('everything to end', async () => (await processesBelow(scratch)).length === 0, {
        timeoutMs: PATIENCE_MS,
      })
    }
  },
  LIMIT,
)

async function logsOf(directory: string): Promise<string> {
  const names = await readdir(join(directory, 'log')).catch(() => [])
  const logs = names.map(async name => `${name}:\n${await readFile(join(directory, 'log', name), 'utf8')}`)
  return (await Promise.all(logs)).join('\n')
}

function dieIf(program: { ended(): boolean; output(): string }): false {
  if (program.ended()) throw new Error(`the lab ended:\n${program.output()}`)
  return false
}

async function assertNothingLeft(scratch: string): Promise<void> {
  // A command of the relay ends a moment after its connection.
  await waitFor('no process to be left', async () => (await processesBelow(scratch)).length === 0)
  assert.equal((await readdir(scratch)).sort(), ['build', 'home', 'lab', 'tmp'])
  assert.equal(await readdir(join(scratch, 'home')), [])
  // tsx keeps a cache; the lab has nothing there.
  assert.equal(
    (await readdir(join(scratch, 'tmp'))).filter(name => !name.startsWith('tsx-')),
    [],
  )
}

test.run()
