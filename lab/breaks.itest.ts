/** What a newcomer types in another terminal, from another folder: as alice, bob and carol, and to break and mend things. */
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { PATIENCE, startBuiltLab } from './testing/built-lab.ts'

const test = suite('commands of the lab')
const LIMIT = { timeoutMs: 280_000 }

test(
  'everybody gets what is theirs, from any folder',
  async context => {
    const { directory } = await startBuiltLab(context)
    const as = (person: string, ...command: string[]) =>
      runProgram(join(directory, person), command, { cwd: tmpdir(), ...PATIENCE })
    const must = async (person: string, ...command: string[]) => {
      const { code, stdout, stderr } = await as(person, ...command)
      assert.is(code, 0, `${person} ${command.join(' ')}: ${stdout}${stderr}`)
      return stdout
    }
    await waitFor(
      'all to be proved',
      async () => /3 devices, 3 proved/.test(await must('alice', 'oobm-relay', 'status')),
      PATIENCE,
    )
    for (const console of ['core-sw1', 'core-sw2', 'edge-rt1'])
      assert.match(await must('alice', 'ssh', console, 'status'), `${console} on sim:router`)
    assert.match(
      await must('alice', 'oobm-relay', 'off', 'osaka-rack1', '--reason', 'lunch'),
      'access to osaka-rack1 is off',
    )
    assert.match(await must('alice', 'oobm-relay', 'on', 'osaka-rack1'), /access to osaka-rack1 is on\b/)
    assert.match(await must('alice', 'oobm-relay', 'settings', 'push', '--all', '--wait', '2m'), '3 of 3 applied')
    assert.match(await must('alice', 'oobm-relay', 'history'), /access off +osaka-rack1 .*lunch/)
    await waitFor('bob to get in again', async () => (await as('bob', 'ssh', 'core-sw1', 'break')).code === 0, PATIENCE)

    const notBobs = await as('bob', 'ssh', 'core-sw2', 'status')
    assert.is(notBobs.code, 255)
    assert.match(notBobs.stderr, /Could not resolve hostname core-sw2/)
    assert.match(
      await must('bob', 'ssh', 'oobm-relay-lab'),
      /^tokyo-rack1: access is on, and the device can be reached here/m,
    )
    assert.is((await as('bob', 'oobm-relay', 'status')).code, 78, 'the fleet file is the operator’s')
    assert.match(await must('carol', 'ssh', 'edge-rt1', 'status'), 'edge-rt1 on sim:router')
    const onlyWatches = await as('carol', 'ssh', 'edge-rt1', 'break')
    assert.is(onlyWatches.code, 77)
    assert.match(onlyWatches.stderr, 'read-only')
    assert.match(await must('kobe-rack1/oobm', 'status'), /^ready|^in-use/)
  },
  LIMIT,
)

test(
  'breaks and mends what is asked for, and heals',
  async context => {
    const { directory, lab, led } = await startBuiltLab(context)
    // A device that is about to start has none yet.
    const ledOf = async (device: string) =>
      (await readFile(join(directory, device, 'led'), 'utf8').catch(() => '')).trim()
    const ask = (verb: string, ...args: string[]) =>
      runProgram(join(directory, verb), args, { cwd: tmpdir(), ...PATIENCE })
    const becomes = (device: string, state: string) =>
      waitFor(`${device} to be ${state}`, async () => (await ledOf(device)) === state, PATIENCE)
    for (const device of ['osaka-rack1', 'kobe-rack1']) await becomes(device, 'ready')

    const cut = await ask('break', 'line', 'osaka-rack1')
    assert.is(cut.code, 0, cut.stderr)
    assert.match(cut.stdout, /^osaka-rack1: cut its line to the relay: no-relay .*; \S+\/mend line mends it$/m)
    await becomes('osaka-rack1', 'no-relay')
    // New connections get no answer at all, as behind a cable that was cut.
    await lab.says(/ osaka-rack1 no-relay: .* no longer answers/, PATIENCE.timeoutMs)
    const cause = async () =>
      JSON.parse(await readFile(join(directory, 'osaka-rack1/root/run/oobm/status.json'), 'utf8')).cause
    await waitFor('the cause', async () => /(did|does) not answer/.test(await cause()), PATIENCE).catch(async err => {
      throw new Error(`${err}; it is: ${await cause()}`)
    })
    assert.is(await led(), 'ready', 'no other line is cut')
    assert.match((await ask('break')).stdout, 'broken now: osaka-rack1: cut its line to the relay')
    assert.match((await ask('mend', 'line')).stdout, 'osaka-rack1: join its line again')
    await becomes('osaka-rack1', 'ready')

    assert.is((await ask('break', 'adapter', 'kobe-rack1')).code, 0)
    await becomes('kobe-rack1', 'no-console')
    await ask('mend')
    await becomes('kobe-rack1', 'ready')

    assert.is((await ask('break', 'relay')).code, 0)
    for (const device of ['tokyo-rack1', 'osaka-rack1', 'kobe-rack1']) await becomes(device, 'no-relay')
    const hang = await ask('break', 'hang')
    assert.is(hang.code, 69)
    assert.match(hang.stderr, 'the relay is stopped already')
    await ask('mend', 'relay')
    await becomes('tokyo-rack1', 'ready')
    assert.is((await ask('break', 'supervisor', 'tokyo-rack1')).code, 0)
    await lab.says(/ tokyo-rack1 its supervisor was started again\n/, PATIENCE.timeoutMs)
    await becomes('tokyo-rack1', 'ready')
    // The sessions of the device's sshd go on: only new ones hang.
    await ask('break', 'sshd', 'tokyo-rack1')
    await becomes('tokyo-rack1', 'unproved')
    await ask('break', 'hang')
    await becomes('kobe-rack1', 'no-relay')
    assert.match((await ask('mend')).stdout, 'let its sshd run on\nlet the relay run on')
    await becomes('tokyo-rack1', 'ready')

    const wrong: [args: string[], why: RegExp][] = [
      [['nothing'], /^usage: /],
      [['line', 'nowhere'], /^no device "nowhere"; there are: tokyo-rack1, osaka-rack1, kobe-rack1$/m],
      [['line', 'osaka-rack1', 'more'], /^usage: /],
    ]
    for (const [args, why] of wrong) {
      const refused = await ask('break', ...args)
      assert.is(refused.code, 64)
      assert.match(refused.stderr, why)
    }
    await lab.stop(20_000)
    const late = await ask('break', 'line')
    assert.is(late.code, 69)
    assert.match(late.stderr, /^no lab runs in .*: start one with "make run"$/m)
    assert.is((await runProgram(join(directory, 'alice'), ['ssh', 'core-sw1'])).code, 69)
  },
  LIMIT,
)

test.run()
