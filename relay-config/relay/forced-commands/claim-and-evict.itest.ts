/** Which connections are a device's (`claim`), and which of them end (`evict`). */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { isAlive, signalProcess } from '../../../testbed/sshd.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import {
  ask,
  connection,
  NEW,
  OLD,
  pidOf,
  records,
  relayFor,
  SLOW,
  THIRD,
  testInEachShell,
} from '../../testing/device-commands.ts'

const test = suite('oobm-device-command: claim and evict')

testInEachShell(
  test,
  'claims, is superseded by a later instance, says so, and evicts older connections',
  async (context, relay) => {
    const other = await connection(context, relay, 'osaka')
    const otherClaim = await other.claim(OLD)

    const first = await connection(context, relay, 'tokyo')
    const firstClaim = await first.claim(OLD)
    assert.is(firstClaim.output(), 'claimed\n')
    ask(firstClaim, 'others')
    await firstClaim.says(/^others none$/m)

    const second = await connection(context, relay, 'tokyo')
    const secondClaim = await second.claim(NEW)
    assert.is(secondClaim.output(), 'claimed\n')
    assert.is((await records(relay, 'tokyo')).length, 2)
    assert.is((await first.run('evict')).stdout, 'evicted 0\n', 'an older one does not end a later one')

    const again = await relay.ssh('tokyo', [], `claim ${OLD}`)
    assert.equal([again.code, again.stdout], [0, 'superseded\n'])
    assert.is((await records(relay, 'tokyo')).length, 2, 'being turned away is no claim')
    ask(secondClaim, 'others')
    await secondClaim.says(/^others \d+$/m)
    ask(firstClaim, 'others')
    await firstClaim.says(/^others none\nothers none$/m)

    const evicted = await second.run('evict')
    assert.equal([evicted.code, evicted.stdout], [0, 'evicted 1\n'])
    await waitFor('the older connection to end', () => first.master.ended())
    await waitFor('one record', async () => (await records(relay, 'tokyo')).length === 1)
    assert.is((await second.run('evict')).stdout, 'evicted 0\n')

    assert.not(otherClaim.ended(), 'another device on the same login is not touched')
    ask(otherClaim, 'others')
    await otherClaim.says(/^others none$/m)

    secondClaim.child.stdin?.end()
    await waitFor('the channel to end', () => secondClaim.ended())
    assert.equal(await records(relay, 'tokyo'), [], 'who closes the channel gives the claim back')
    const heir = await (await connection(context, relay, 'tokyo')).claim(OLD)
    assert.is(heir.output(), 'claimed\n', 'an older one may come back when no later one lives')
  },
)

testInEachShell(
  test,
  'evicts none that its own supervisor spares, until that takes it back; those of an older one it ends',
  async (context, relay) => {
    const used = await connection(context, relay, 'tokyo')
    const usedClaim = await used.claim(OLD)
    const stale = await connection(context, relay, 'tokyo')
    await stale.claim(OLD)
    const spared = async (count: number) => {
      const file = join(relay.stateDirectory, 'tokyo/spared')
      await waitFor(`${count} to be spared`, async () => {
        const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(line => line !== '')
        return lines.length === count
      })
    }
    ask(usedClaim, 'spare yes')
    await spared(1)
    const next = await connection(context, relay, 'tokyo')
    await next.claim(OLD)
    assert.is((await next.run('evict')).stdout, 'evicted 1\n')
    await waitFor('the stale connection to end', () => stale.master.ended())
    assert.not(used.master.ended(), 'people are in there')
    assert.is((await next.run('evict')).stdout, 'evicted 0\n')

    ask(usedClaim, 'spare no')
    await spared(0)
    ask(usedClaim, 'spare yes')
    await spared(1)
    ask(usedClaim, 'spare maybe')
    ask(usedClaim, 'others')
    await usedClaim.says(/^others none$/m)
    await spared(1)

    const young = await connection(context, relay, 'tokyo')
    await young.claim(NEW)
    assert.is((await young.run('evict')).stdout, 'evicted 2\n', 'a supervisor that started later ends them all')
    await waitFor('the spared connection to end', () => used.master.ended())
  },
)

test(
  'evicts a connection whose sshd is stopped, and one whose client is stopped',
  async context => {
    const relay = await relayFor(context)
    const stopped = await connection(context, relay, 'tokyo')
    const stoppedClaim = await stopped.claim(OLD)
    const [record] = await records(relay, 'tokyo')
    signalProcess(pidOf(record), 'SIGSTOP')
    context.cleanup(() => signalProcess(pidOf(record), 'SIGCONT'))
    const suspended = await connection(context, relay, 'tokyo')
    await suspended.claim(OLD)
    suspended.master.child.kill('SIGSTOP')

    const fresh = await connection(context, relay, 'tokyo')
    const claimed = await fresh.claim(OLD)
    assert.match(claimed.output(), /^claimed$/m)
    assert.is((await fresh.run('evict')).stdout, 'evicted 2\n')
    assert.not(await isAlive(pidOf(record)), 'the stopped sshd is gone')
    await waitFor('its client to notice', () => stopped.master.ended() && stoppedClaim.ended())
    assert.is((await records(relay, 'tokyo')).length, 1)
    suspended.master.child.kill('SIGCONT')
    await waitFor('the suspended client to notice', () => suspended.master.ended())
    assert.not(claimed.ended())
  },
  SLOW,
)

test(
  'evicts only for a connection that has claimed, and runs nothing else',
  async context => {
    const relay = await relayFor(context)
    const claimed = await connection(context, relay, 'tokyo')
    await claimed.claim(OLD)
    const denied = await relay.ssh('tokyo', [], 'evict')
    assert.equal([denied.code, denied.stdout], [64, ''])
    assert.match(denied.stderr, /evict: claim first, on this same connection/)
    const commands = [
      ...['claim', 'claim ', `claim ${OLD.slice(1)}`, `claim ${OLD}a`, `claim ${OLD} x`, `claim ${OLD.toUpperCase()}`],
      ...[
        ' evict',
        'evict x',
        'evict;id',
        'evict\nid',
        `claim ${OLD}\nid`,
        `claim ${OLD.slice(2)}\na`,
        'claim ../../../../tmp/oobm-device-command-x',
      ],
      ...['sh', 'id', '$(id)', '`id`', '*', 'claim *', 'x'.repeat(20_000)],
    ]
    for (const command of commands) {
      const { code, stdout, stderr } = await relay.ssh('tokyo', [], command)
      assert.equal(
        [code, stdout, stderr],
        [
          64,
          '',
          'oobm-device-command: tokyo: the commands are: claim TOKEN, evict, settings DIGEST, speed down, speed up\n',
        ],
        command,
      )
    }
    assert.equal(await readdir(relay.stateDirectory), ['tokyo'])
    assert.is((await records(relay, 'tokyo')).length, 1)
  },
  SLOW,
)

test(
  'keeps the records bounded and complete when many claim at once',
  async context => {
    const relay = await relayFor(context)
    const holder = await connection(context, relay, 'tokyo')
    for (let n = 0; n < 20; n++) {
      const { stdout } = await holder.run(`claim ${n.toString(16).padStart(32, '0')}`)
      assert.is(stdout, 'claimed\n')
    }
    assert.is((await records(relay, 'tokyo', 'tokens')).length, 16)

    const crowd = await Promise.all(Array.from({ length: 4 }, () => connection(context, relay, 'tokyo')))
    const channels = await Promise.all(crowd.map(({ claim }, n) => claim(n % 2 === 0 ? NEW : THIRD)))
    const claimed = channels.filter(channel => channel.output() === 'claimed\n')
    assert.ok(claimed.length >= 2, 'at least those of one token')
    const lines = await records(relay, 'tokyo')
    assert.is(lines.length, claimed.length)
    for (const line of lines) assert.match(line, /^\d+ \d+ sshd(-session)? [bc]{32} 127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+$/)
    assert.is((await records(relay, 'tokyo', 'tokens')).length, 16)
    assert.equal(
      (await readdir(join(relay.stateDirectory, 'tokyo'))).filter(name => name.endsWith('.new')),
      [],
    )
  },
  SLOW,
)

test(
  'reads the records of an older version, which end with the token',
  async context => {
    const relay = await relayFor(context)
    const sessions = join(relay.stateDirectory, 'tokyo/sessions')
    const older = async () => {
      const lines = (await readFile(sessions, 'utf8')).replaceAll(/ [0-9.]+ \d+ [0-9.]+ \d+$/gm, '')
      assert.match(lines, /^(\d+ \d+ sshd(-session)? [abc]{32}\n)+$/)
      await writeFile(sessions, lines)
    }
    const first = await connection(context, relay, 'tokyo')
    await first.claim(OLD)
    await older()
    const second = await connection(context, relay, 'tokyo')
    await second.claim(NEW)
    await older()
    assert.is((await relay.ssh('tokyo', [], `claim ${OLD}`)).stdout, 'superseded\n')
    assert.is((await second.run('evict')).stdout, 'evicted 1\n')
    await waitFor('the older connection to end', () => first.master.ended())
  },
  SLOW,
)

test(
  'leaves nothing behind when the connection dies',
  async context => {
    const relay = await relayFor(context)
    const { claim, master } = await connection(context, relay, 'tokyo')
    await claim(OLD)
    const pids = await relay.sshd.descendants()
    assert.ok(pids.length >= 2, 'sshd and the command')
    master.child.kill('SIGKILL')
    const gone = () => pids.every(pid => !signalProcess(pid, 0))
    await waitFor('sshd and the command to end after the client', gone)

    const second = await connection(context, relay, 'tokyo')
    await second.claim(OLD)
    const more = await relay.sshd.descendants()
    signalProcess(pidOf((await records(relay, 'tokyo')).at(-1)), 'SIGKILL')
    await waitFor('the command to end after its sshd', () => more.every(pid => !signalProcess(pid, 0)))
    const { stdout } = await relay.ssh('tokyo', [], `claim ${NEW}`)
    assert.is(stdout, 'claimed\n')
    assert.equal(await records(relay, 'tokyo'), [], 'records of the dead are dropped')
  },
  SLOW,
)

test(
  'a command that is killed leaves no process behind',
  async context => {
    const relay = await relayFor(context)
    const { claim } = await connection(context, relay, 'tokyo')
    await claim(OLD)
    const pids = await relay.sshd.descendants()
    const names = await Promise.all(pids.map(async pid => [pid, await readFile(`/proc/${pid}/comm`, 'utf8')] as const))
    const below = names.filter(([, name]) => !name.startsWith('sshd'))
    assert.equal(
      below.map(([, name]) => name.trim()),
      ['oobm-device-com'],
      'one process a device',
    )
    const command = below.find(([, name]) => name.startsWith('oobm'))?.[0] ?? 0
    signalProcess(command, 'SIGKILL')
    await waitFor('it to be gone', () => below.every(([pid]) => !signalProcess(pid, 0)))
  },
  SLOW,
)

test.run()
