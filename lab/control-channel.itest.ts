import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isProvedReachable } from '../formats/states.ts'
import { runProgram, startProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { PATIENCE, startBuiltLab } from './testing/built-lab.ts'

const test = suite('control channel in the lab')
const LIMIT = { timeoutMs: 200_000 }

/** The whole system, and the operator's program on the same machine. */
async function startLab(context: TestContext) {
  const lab = await startBuiltLab(context)
  return { ...lab, relay: (name: string, ...args: string[]) => lab.oobmRelay(name, ...args, '--state', lab.state) }
}

test(
  'tells the operator who is on which console, ends them with maintenance, and blinks',
  async context => {
    const { directory, led, relay } = await startLab(context)
    const visit = startProgram('ssh', ['-F', join(directory, 'ssh_config'), '-tt', 'console'])
    context.cleanup(() => visit.stop())
    await waitFor(
      'the table to say who is in',
      async () => /core-sw1:alice\*/.test((await relay('status')).stdout),
      PATIENCE,
    )
    const depth = await relay('status', 'tokyo-rack1')
    assert.match(depth.stdout, /^ {2}console {6}core-sw1 open, last output [^\n]*\n +alice types, since /m)

    const sent = await runProgram('ssh', ['-F', join(directory, 'ssh_config'), 'console', 'break'])
    assert.is(sent.code, 0, sent.stderr)
    assert.match(
      (await relay('off', 'tokyo-rack1', '--reason', 'new rack')).stdout,
      /^access to tokyo-rack1 is off: the device has closed its listeners$/m,
    )
    await waitFor('the session to end', () => visit.ended(), PATIENCE)
    assert.match(visit.output(), /\[oobm: access to tokyo-rack1 was switched off by [\w.-]+\]/)
    assert.is(await led(), 'maintenance')
    // How long the command waits for the proof is not what a loaded machine is asked here.
    assert.match((await relay('on', 'tokyo-rack1')).stdout, /^access to tokyo-rack1 is on\b/m)
    await waitFor('the proof', async () => isProvedReachable(await led()), PATIENCE)
    const told = / alice +session +tokyo-rack1 +core-sw1 +from \S+ \S+ UTC to \S+ \S+ UTC +\(tokyo-rack1 says so\)\n/
    const history = async () => (await relay('history', 'tokyo-rack1')).stdout
    await waitFor('the history to tell of the session', async () => told.test(await history()), PATIENCE)
    const broke = / alice +break +tokyo-rack1 +core-sw1 +address 127\.0\.0\.1:\d+ +.* \(tokyo-rack1 says so\)\n/
    await waitFor('the history to tell of the BREAK', async () => broke.test(await history()), PATIENCE)
    assert.match(await history(), / access off +tokyo-rack1 +(address \S+ +)?new rack\n/)
    assert.match(await history(), / access on +tokyo-rack1\b/)

    assert.match((await relay('blink', 'tokyo-rack1')).stdout, /^tokyo-rack1 blinks for 30 s$/m)
    await waitFor('the LED', async () => (await led()) === 'here', PATIENCE)
  },
  LIMIT,
)

test(
  'lets the operator look on at a console with their own key',
  async context => {
    const { directory, env, program, oobmRelay } = await startLab(context)
    const identity = join(directory, 'people/alice/key')
    const watching = startProgram(
      process.execPath,
      [program('oobm-relay'), 'watch', 'core-sw1', '--as', 'alice', '--identity', identity],
      { env },
    )
    context.cleanup(() => watching.stop())
    await watching.says(/from the oobm lab/, PATIENCE.timeoutMs)
    const wrong = await oobmRelay('watch', 'elsewhere', '--as', 'alice')
    assert.is(wrong.code, 64)
    assert.match(wrong.stderr, /alice may not open a console "elsewhere"; there are: core-sw1, core-sw2, edge-rt1/)
  },
  LIMIT,
)

test(
  'tells the relay what alerts found, also what came while it did not answer, and not what the target said',
  async context => {
    const { directory, led, relay } = await startLab(context)
    let last = ''
    const history = async () => {
      last = (await relay('history', 'tokyo-rack1', '--event', 'alert')).stdout
      return last
    }
    context.onFailure(() => `the history:\n${last}`)
    const run = (...command: string[]) =>
      runProgram('ssh', ['-F', join(directory, 'ssh_config'), 'console', ...command], PATIENCE)
    const started = / tokyo-rack1 +alert +tokyo-rack1 +core-sw1 +ios-restart, .*\(tokyo-rack1 says so\)\n/
    await waitFor('the alert of its start', async () => started.test(await history()), PATIENCE)

    const [listening = 0, ...sessions] = await relayProcesses(directory)
    context.cleanup(() => signalAll([listening], 'SIGCONT'))
    const bridge = async () =>
      JSON.parse(await readFile(join(directory, 'device/run/oobm-console/status.json'), 'utf8'))
    signalAll([listening], 'SIGSTOP')
    signalAll(sessions, 'SIGKILL')
    await waitFor('the device to notice', async () => (await led()) === 'no-relay', PATIENCE)
    const local = join(directory, 'oobm')
    const broke = await runProgram(local, ['console', 'break', 'core-sw1'], PATIENCE)
    assert.is(broke.code, 0, broke.stderr)
    const found = await waitFor(
      'the alert on the device',
      async () => ((await bridge()).alerts ?? []).find(({ rule }: { rule: string }) => rule === 'ios-boot-loader'),
      PATIENCE,
    )
    await waitFor('some time to pass', () => Date.now() - found.at > 15_000, PATIENCE)
    signalAll([listening], 'SIGCONT')
    const told =
      /^(\S+ \S+) UTC +tokyo-rack1 +alert +tokyo-rack1 +core-sw1 +ios-boot-loader, once +after input by \S+ +"rommon 1 >" +\(tokyo-rack1 says so\)$/m
    const line = await waitFor('the relay to know', async () => told.exec(await history()) ?? undefined, {
      timeoutMs: 120_000,
    })
    const apartMs = Math.abs(Date.parse(`${line[1]}Z`) - found.at)
    assert.ok(apartMs < 10_000, `when it was told; its time on the relay is ${apartMs} ms from the true one`)
    assert.is((await history()).split('rommon').length, 2, 'it is there once')

    const searched = await runProgram('grep', [
      '-rl',
      '-e',
      'System Bootstrap',
      '-e',
      'System restarted',
      join(directory, 'relay'),
    ])
    assert.equal([searched.code, searched.stdout], [1, ''], 'nothing of what the target said is on the relay')
    assert.is((await run('status')).code, 0)
  },
  LIMIT,
)

/** The relay's sshd of this lab, and everything below it. */
async function relayProcesses(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const read = (pid: number, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  const parents = await Promise.all(
    pids.map(async pid => [pid, Number((await read(pid, 'stat')).split(') ')[1]?.split(' ')[1])] as const),
  )
  const isRelay = async (pid: number) => {
    const command = await read(pid, 'cmdline')
    return (await read(pid, 'comm')).startsWith('sshd') && command.includes(`${directory}/relay/`)
  }
  const found: number[] = []
  for (const pid of pids) if (await isRelay(pid)) found.push(pid)
  // It grows while it is gone through.
  for (const parent of found) found.push(...parents.filter(([, of]) => of === parent).map(([pid]) => pid))
  assert.ok(found.length > 1, 'the sshd of the relay, and the session of the device')
  return found
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It is gone.
    }
  }
}

test.run()
