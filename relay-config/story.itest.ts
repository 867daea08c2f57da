import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { waitFor } from '../testbed/wait-for.ts'
import type { HistoryEntry } from './relay/history.ts'
import { startClients } from './testing/story/clients.ts'
import { startStoryDevice } from './testing/story/device.ts'
import { devicesKeys, network } from './testing/story/host-itself.ts'
import {
  type DeviceName,
  NUMBERS,
  PORTS,
  type Scene,
  startScene,
  tellTheStory,
  traceOf,
} from './testing/story/scene.ts'
import { LiveTable } from './testing/story/table.ts'
import { byOpenPorts, jumpersAtTheRelay, jumping, loggingIn, switchedOff } from './testing/story/ways-in.ts'
import { hostSuite } from './testing/throwaway-host.ts'

const test = hostSuite('the relay, from its package to its removal')

test(
  'the operator sets it up, devices connect, technicians reach their consoles, and removal leaves no trace',
  async context => {
    const scene = await startScene(context)
    await tellTheStory(scene)
    assert.match(await scene.operate('push', 'lon', 'ops@192.0.2.1', '--no-systemd'), /^nothing to change$/m)
    const names = Object.keys(PORTS) as DeviceName[]
    const { relay, build, folder } = scene
    const devices = await Promise.all(
      names.map(name => {
        const issued = join(folder, 'secrets', name, 'oobm.toml')
        return startStoryDevice(context, { build, issued, relay, number: NUMBERS[name] })
      }),
    )
    for (const device of devices) await device.becomes('ready')

    assert.match(await scene.operate('check'), /^relay lon [\s\S]* oobm-device-command answers$/m)
    const clients = await startClients(scene)
    const table = new LiveTable()
    context.onFailure(() => table.text())
    await otherService(context, scene)
    await jumping(table, clients)
    await jumpersAtTheRelay(table, clients)
    await loggingIn(table, clients)
    await byOpenPorts(table, clients)
    await devicesKeys(table, clients)
    await network(table, clients)
    await switchedOff(table, clients, scene)
    if (process.env.OOBM_STORY === 'print') process.stdout.write(`\n${table.text()}${table.length} cases\n`)
    assert.equal(table.wrong(), [])

    const isReady = async () => /^nagoya +ready +/m.test(await scene.onRelay('sudo -n oobm-relay status'))
    await waitFor('carol to be gone again', isReady)
    await tellsWhatHappened(scene)
    await scene.onRelay('sudo -n oobm-relay remove --all --name lon --no-systemd')
    // Their own, not ours.
    await relay.sh('rm /etc/ssh/sshd_config.d/oobm-relay.conf')
    const { before } = scene
    const after = await traceOf(relay)
    for (const part of ['files', 'accounts', 'kernel'] as const) assert.equal(after[part], before[part], part)
  },
  { timeoutMs: 280_000 },
)

/** Who did what: the operator through sudo, devices that came first, and a login that no device has told of. */
async function tellsWhatHappened({ onRelay }: Scene): Promise<void> {
  const entries: HistoryEntry[] = (await onRelay('sudo -n oobm-relay history --json'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const told = entries.map(({ by, event, device = '' }) => `${by} ${event} ${device}`.trim())
  assert.equal(
    told.filter(line => !/ (session|enrol|command|refused|break|shell) /.test(line)),
    [
      'ops apply',
      'ops apply',
      'ops password set',
      'ops Stop Remote M. nagoya',
      'ops Stop Remote M. nagoya',
      'ops Start Remote M. nagoya',
    ],
  )
  const enrolled = told.filter(line => line.includes(' enrol ')).sort()
  assert.equal(enrolled, ['nagoya enrol nagoya', 'osaka enrol osaka', 'tokyo enrol tokyo'])
  const logins = entries.filter(({ reason }) => reason === 'by login')
  const done = entries.filter(({ by, event }) => by === 'carol' && event === 'command')
  assert.ok(
    done.some(
      ({ console, address, reason }) =>
        console === 'sw1' && address !== undefined && reason === 'status, by login; exit code 0',
    ),
  )
  assert.ok(entries.some(({ by, event, source }) => by === 'alice' && event === 'break' && source === 'device'))
  const refused = entries.filter(({ event }) => event === 'refused')
  assert.ok(
    refused.some(({ by, device, reason }) => by === 'carol' && device === 'nagoya' && reason === 'access is off'),
  )
  assert.ok(
    entries.filter(({ by }) => by === 'ops').every(({ address }) => address !== undefined),
    'from where the operator came',
  )
  const visits = logins.map(({ by, console, device, from, to }) => [by, console, device, !!from, !!to].join(' '))
  assert.equal(visits, ['carol sw1 tokyo true true', 'carol sw3 nagoya true true'])
}

/** Something else that the relay's host serves. */
async function otherService(context: Parameters<typeof startScene>[0], { relay }: Scene): Promise<void> {
  const service = relay.start('socat', ['TCP6-LISTEN:8080,fork,reuseaddr,ipv6only=0', 'SYSTEM:echo SSH-2.0-open'])
  context.cleanup(() => service.stop())
}

test.run()
