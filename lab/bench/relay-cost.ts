/** What a connected device costs its relay, beside a plain `ssh -R` that autossh keeps at the same host's own sshd. */
import { spawn } from 'node:child_process'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newKeyPair } from '../../formats/private-key.ts'
import { parseFleet } from '../../relay-config/fleet/fleet-config.ts'
import { carryCertificate } from '../../relay-config/relay/apply/certificate.ts'
import { renderHaproxyConfig } from '../../relay-config/relay/dedicated/haproxy-config.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { table } from './figures.ts'
import { costOf, startDevices } from './storm.ts'
import { RELAY, type StormRelay, startStormRelay } from './storm-relay.ts'

const COUNTS = [1, 50, 200]
const MOST = Math.max(...COUNTS)
const FIRST_PORT = 4_000
const FIRST_PLAIN_PORT = FIRST_PORT + 2 * MOST
const HAPROXY_PORT = 8_443
const PLAIN_PORT = 2_222
const SLOW = { timeoutMs: 300_000 }

/** Of each, what the relay has more than before: its listening sshd does not count. */
interface Each {
  processes: number
  pssKb: number
  ussKb: number
}

/** Connects so many. @returns ends them */
type Connect = (count: number) => Promise<() => Promise<unknown>>

export async function relayCost(context: TestContext): Promise<string> {
  if (process.getuid?.() !== 0) return 'not measured: this needs root, because the relay is a host of its own'
  const directory = await scratchDirectory(context)
  const names = Array.from({ length: MOST }, (_, i) => `device${i}`)
  const keys = names.map((name, i) => ({ name, listenerPort: FIRST_PORT + 2 * i, ...newKeyPair(name) }))
  const relay = await startStormRelay(context, keys)
  await relay.start()

  const devices =
    (rung: 'direct' | 'tls', port: number): Connect =>
    async count => {
      const load = await startDevices(
        context,
        directory,
        keys.slice(0, count).map(({ name, listenerPort, privateKey }) => {
          const relays = [{ ...RELAY, port, hostKeys: [relay.hostKey] }]
          const config = { version: 1, device: name, relays, listenerPort, bridge: { hostKey: relay.hostKey } } as const
          return { config, privateKey, rung }
        }),
        relay.inside,
      )
      await load.allReady()
      return load.stop
    }
  const plain = await plainSshd(context, relay, directory)
  const measureEach = async (connect: Connect) => {
    const costs: Each[] = []
    for (const count of COUNTS) costs.push(await measure(relay, connect, count))
    return costs
  }
  const direct = await measureEach(devices('direct', RELAY.port))
  const byAutossh = await measureEach(plain)
  const before = await costOf(await relay.processes())
  await startHaproxy(relay, directory)
  const haproxyKb = (await costOf(await relay.processes())).pssKb - before.pssKb
  const withinTls = await measureEach(devices('tls', HAPROXY_PORT))

  const rows: [string, Each[]][] = [
    ['  device, direct', direct],
    ['  device, within TLS', withinTls],
    ['  ssh -R of autossh', byAutossh],
  ]
  const figures = (of: (cost: Each) => string) => rows.map(([name, costs]) => [name, ...costs.map(of)])
  const mb = (kb: number) => (kb / 1024).toFixed(2)
  const ratios = (costs: Each[]) => costs.map(({ pssKb }, at) => `${(pssKb / (byAutossh[at]?.pssKb ?? 0)).toFixed(2)}x`)
  return table([
    ['connected at once', ...COUNTS.map(String)],
    ['processes of each'],
    ...figures(({ processes }) => processes.toFixed(1)),
    [`memory of each (PSS), MB; HAProxy itself has ${mb(haproxyKb)} for all`],
    ...figures(({ pssKb }) => mb(pssKb)),
    ['memory that would be free without it (USS), MB'],
    ...figures(({ ussKb }) => mb(ussKb)),
    ['PSS, to autossh'],
    ['  device, direct', ...ratios(direct)],
    ['  device, within TLS', ...ratios(withinTls)],
  ])
}

async function measure(relay: StormRelay, connect: Connect, count: number): Promise<Each> {
  const before = await costOf(await relay.processes())
  const end = await connect(count)
  // The commands of a login have ended.
  const settled = async () => (await relay.processes()).length
  let last = -1
  await waitFor('the relay to be quiet', async () => {
    const now = await settled()
    const isQuiet = now === last
    last = now
    await new Promise(resolve => setTimeout(resolve, 1_000))
    return isQuiet
  })
  const after = await costOf(await relay.processes())
  await end()
  await waitFor('their sessions to end', async () => (await settled()) <= before.processes, SLOW)
  return {
    processes: (after.processes - before.processes) / count,
    pssKb: (after.pssKb - before.pssKb) / count,
    ussKb: (after.ussKb - before.ussKb) / count,
  }
}

/** With the configuration that its distribution gives it, and a user of its own. */
async function plainSshd(
  context: TestContext,
  { host, inside, processes }: StormRelay,
  directory: string,
): Promise<Connect> {
  const key = await makeKey(directory, 'plain')
  await copyFile(`${key.path}.pub`, join(host.shared, 'plain.pub'))
  await host.sh(
    `useradd -m -p '*' plain; install -d -o plain -m 700 /home/plain/.ssh
    install -o plain -m 600 /root/fleet/plain.pub /home/plain/.ssh/authorized_keys
    ssh-keygen -A >/dev/null; /usr/sbin/sshd -p ${PLAIN_PORT} -o PidFile=none -o MaxStartups=1000`,
  )
  return async count => {
    const before = (await processes()).length
    const clients = Array.from({ length: count }, (_, i) => {
      const forward = `127.0.0.1:${FIRST_PLAIN_PORT + i}:127.0.0.1:22`
      const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ExitOnForwardFailure=yes']
      const [command = '', ...args] = [
        ...[
          ...inside,
          'autossh',
          '-M',
          '0',
          '-F',
          'none',
          '-N',
          '-R',
          forward,
          '-i',
          key.path,
          '-p',
          String(PLAIN_PORT),
        ],
        ...[...options.flatMap(option => ['-o', option]), 'plain@127.0.0.1'],
      ]
      const env = { PATH: process.env.PATH, AUTOSSH_GATETIME: '0' }
      return spawn(command, args, { stdio: 'ignore', env })
    })
    const end = async () => {
      for (const client of clients) client.kill('SIGTERM')
    }
    context.cleanup(end)
    await waitFor('autossh', async () => (await processes()).length >= before + 2 * count, SLOW)
    return end
  }
}

async function startHaproxy({ host, fleetText }: StormRelay, directory: string): Promise<void> {
  const fleet = parseFleet('fleet.toml', fleetText.replace('[[devices]]', 'tls = true\n[[devices]]'))
  const [relay] = fleet.relays
  if (!relay) throw new Error('no relay')
  const config = renderHaproxyConfig(fleet, relay, { hasIpv6: false })
    .replace(`bind 0.0.0.0:${RELAY.port}`, `bind 0.0.0.0:${HAPROXY_PORT}`)
    .replace(/^( {2}server sshd 127\.0\.0\.1):822$/m, `$1:${RELAY.port}`)
  await writeFile(join(host.shared, 'haproxy.cfg'), config)
  await carryCertificate(join(directory, 'none'), join(host.shared, 'tls.pem'), relay.host)
  await host.sh('RUNTIME_DIRECTORY=/run CREDENTIALS_DIRECTORY=/root/fleet haproxy -D -f /root/fleet/haproxy.cfg')
}
