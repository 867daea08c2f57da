/** What one device's key can take of a relay: a bounded number of processes, and nobody else's time. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readProcessStat } from '../../../runtime/process-stat.ts'
import { freePortPairs } from '../../../testbed/free-port.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, OLD, records, relayFor, SLOW } from '../../testing/device-commands.ts'
import { type FleetRelay, startFleetRelay } from '../../testing/fleet-relay.ts'

const test = suite('oobm-device-command: many claims')

/** An attacker's: as many as sshd lets one connection have, on many connections. */
const CONNECTIONS = 25
const CLAIMS_EACH = 10
/** What oobm-device-command allows one device. */
const CLAIMS = 4

test(
  'keeps four of 250 claims of one device, and serves another device and a technician meanwhile',
  async context => {
    const [tokyo = 0, osaka = 0] = await freePortPairs(2)
    const relay = await startFleetRelay({
      directory: await scratchDirectory(context),
      devices: { tokyo, osaka },
      rest: `[[technicians]]\nname = "alice"\nkeys = ["KEY_OF_alice"]\nconsoles = []\nshells = ["osaka"]`,
    })
    context.cleanup(() => relay.sshd.stop())
    context.onFailure(relay.sshd.log)
    const shell = relay.fleet.devices.find(({ name }) => name === 'osaka')?.port ?? 0

    const attackers = await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        const socket = join(await scratchDirectory(context), 'mux')
        const master = relay.startSsh('tokyo', ['-M', '-S', socket, '-N'])
        context.cleanup(() => master.stop())
        await waitFor(
          'a connection of the attacker',
          async () => (await relay.ssh('tokyo', ['-S', socket, '-O', 'check'])).code === 0,
        )
        return socket
      }),
    )
    const claims = attackers.flatMap(socket =>
      Array.from({ length: CLAIMS_EACH }, () => {
        const claim = relay.startSsh('tokyo', ['-S', socket], `claim ${OLD}`)
        context.cleanup(() => claim.stop())
        return claim
      }),
    )
    let most = 0
    const isOver = () => claims.every(claim => claim.ended() || /^claimed$/m.test(claim.output()))
    const counting = waitFor(
      'the claims to be answered',
      async () => {
        most = Math.max(most, (await processes(relay)).length)
        return isOver()
      },
      SLOW,
    )

    await claimsAndIsReached(context, relay, shell)
    await counting
    await waitFor('four connections to be left', async () => (await records(relay, 'tokyo')).length <= CLAIMS)
    const told = claims.map(claim => claim.output())
    assert.ok(
      told.some(output => output.includes('this connection has claimed already')),
      'one claim a connection',
    )
    // On a quick machine most were refused before: there may be fewer than four.
    await waitFor('one process a claim to be left', async () => {
      const claimed = (await records(relay, 'tokyo')).length
      return claimed <= CLAIMS && (await processes(relay)).length === claimed + 1
    })
    assert.ok(most < 60, `${most} processes of the commands at once`)
  },
  SLOW,
)

test(
  'the fifth connection that claims ends the oldest',
  async context => {
    const relay = await relayFor(context)
    const connections = []
    for (let n = 0; n <= CLAIMS; n++) {
      const one = await connection(context, relay, 'tokyo')
      assert.is((await one.claim(OLD)).output(), 'claimed\n')
      connections.push(one)
    }
    const [oldest, ...others] = connections
    await waitFor('the oldest to end', () => oldest?.master.ended() === true)
    assert.is((await records(relay, 'tokyo')).length, CLAIMS)
    assert.ok(others.every(({ master }) => !master.ended()))
  },
  SLOW,
)

test(
  'reads lines at a bounded pace, whether they cause work or not, and after all other work',
  async context => {
    const relay = await relayFor(context)
    const { claim } = await connection(context, relay, 'tokyo')
    const channel = await claim(OLD)
    const took = async (lines: string, answers: number) => {
      const startedMs = performance.now()
      channel.child.stdin?.write(lines)
      await waitFor('the answers', () => channel.output().split('others none\n').length - 1 === answers)
      return performance.now() - startedMs
    }
    assert.ok((await took('others\n'.repeat(5), 5)) >= 2_000, 'four pauses')
    assert.ok((await took(`${'x\n'.repeat(80)}others\n`, 6)) >= 2_500, 'five pauses')
    const pids = await relay.sshd.descendants()
    const nices = await Promise.all(
      pids.map(async pid => {
        const { name = 'sshd', nice } = (await readProcessStat(pid)) ?? {}
        return name.startsWith('sshd') ? [] : [`${name} ${nice}`]
      }),
    )
    // Above this test's own; 19 is the most (nice(2)).
    const nice = Math.min(19, getPriority() + 10)
    // Two of them while it forks.
    assert.equal([...new Set(nices.flat().filter(line => !line.startsWith('sleep')))], [`oobm-device-com ${nice}`])
  },
  SLOW,
)

/** Another device claims, listens and receives a message, and a technician logs in through it. */
async function claimsAndIsReached(context: TestContext, relay: FleetRelay, port: number): Promise<void> {
  const device = createServer(socket => socket.on('error', () => {}).end('SSH-2.0-osaka\r\n'))
  await new Promise<void>(resolve => device.listen(0, '127.0.0.1', resolve))
  context.cleanup(() => void device.close())
  const target = (device.address() as { port: number }).port
  const other = await connection(context, relay, 'osaka', ['-R', `127.0.0.1:${port}:127.0.0.1:${target}`])
  const claim = await other.claim(OLD)
  assert.is(claim.output(), 'claimed\n')
  // Once more where it took so long that the client, whose input is at its end, closed first.
  await waitFor('the technician to get in', async () => {
    const way = await relay.ssh('alice', ['-W', `127.0.0.1:${port}`])
    return way.stdout === 'SSH-2.0-osaka\r\n'
  })
  ask(claim, 'others')
  await claim.says(/^others none$/m)
}

/** Of the commands: all that runs below sshd but its own processes. */
async function processes(relay: FleetRelay): Promise<string[]> {
  const pids = await relay.sshd.descendants()
  const names = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'sshd')))
  return names.filter(name => !name.startsWith('sshd'))
}

test.run()
