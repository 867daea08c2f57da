/** A real HAProxy with the configuration of a dedicated relay, before a real sshd; on 127.0.0.1 each address is a source of its own. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import * as assert from 'uvu/assert'
import { freePort } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { type Program, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import { suite, type Test, type TestContext } from '../../testbed/suite.ts'
import { parseFleet } from '../fleet/fleet-config.ts'
import { carryCertificate } from '../relay/apply/certificate.ts'
import { desiredRelay } from '../relay/dedicated/desired-relay.ts'
import { relayPaths } from '../relay/relay-paths.ts'
import { dedicatedFleetText } from './dedicated-fleet-text.ts'
import { DEBIAN_12 } from './sshd-features.ts'

export interface HaproxyRelay {
  port: number
  directory: string
  sshd: Sshd
  haproxy: Program
  key: KeyPair
  /** Writes another configuration: the rendered one, changed. */
  configure(change: (text: string) => string): Promise<void>
  /** Arguments of an ssh client, up to a command. */
  login(options?: { from?: string; tls?: boolean; knownHost?: string }): string[]
}

/** In the rendered configuration. */
const SSHD_PORT = /127\.0\.0\.1:822$/m

/** The tests of a file that needs HAProxy. */
export function haproxySuite(name: string): Test {
  const test = suite(name)
  if (existsSync('/usr/sbin/haproxy')) return test
  const skip = (title: string) => test.skip(title, 'haproxy is not installed')
  return Object.assign(skip, { skip: test.skip, run: test.run })
}

export async function startHaproxyRelay(context: TestContext): Promise<HaproxyRelay> {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'key')
  const other = await makeKey(directory, 'other')
  const port = await freePort()
  const sshd = await startSshd({ directory: join(directory, 'sshd'), authorizedKeys: [`${key.path}.pub`] })
  context.cleanup(() => sshd.stop())
  const fleetText = dedicatedFleetText(
    { alice: key.publicKey, bob: other.publicKey },
    `host = "127.0.0.1"\nport = ${port}\ntls = true`,
  )
  const fleet = parseFleet('fleet.toml', fleetText)
  const [relay] = fleet.relays
  assert.ok(relay)
  const keys = { relayKey: key.publicKey, bridgeHostKey: key.publicKey }
  const deviceKeys = new Map(fleet.devices.map(({ name }) => [name, keys]))
  const { files } = desiredRelay({ fleetText, fleet, relay, deviceKeys }, relayPaths(), {
    path: '/usr/sbin/sshd',
    features: DEBIAN_12,
  })
  const rendered = files.get('haproxy.cfg') ?? ''
  assert.match(rendered, SSHD_PORT)
  const config = join(directory, 'haproxy.cfg')
  const configure = (change: (text: string) => string) =>
    // Here the sources of the internet are the addresses of the loopback.
    writeFile(config, change(rendered.replace(SSHD_PORT, `127.0.0.1:${sshd.port}`).replace('src 127.0.0.0/8', 'src')))
  await configure(same => same)
  await carryCertificate(join(directory, 'none'), join(directory, 'tls.pem'), relay.host)
  const haproxy = startProgram('haproxy', ['-W', '-f', config], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', RUNTIME_DIRECTORY: directory, CREDENTIALS_DIRECTORY: directory },
  })
  context.cleanup(() => haproxy.stop())
  context.onFailure(() => `${haproxy.output()}\n${sshd.log()}`)
  await haproxy.says(/Loading success/)

  const knownHosts = async (name: string, publicKey: string) => {
    const path = join(directory, name)
    await writeFile(path, `relay ${publicKey}\n`)
    return path
  }
  const pinned = await knownHosts('known_hosts', sshd.hostKey.publicKey)
  await knownHosts('other_known_hosts', other.publicKey)
  return {
    ...{ port, directory, sshd, haproxy, key, configure },
    login: ({ from = '127.0.0.1', tls = false, knownHost = pinned } = {}) => [
      ...['-F', 'none', '-T', '-i', key.path, '-p', String(port), '-b', from, '-l', sshd.user],
      ...['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'HostKeyAlias=relay'],
      ...['-o', `UserKnownHostsFile=${knownHost}`],
      ...(tls ? ['-o', `ProxyCommand=openssl s_client -quiet -bind ${from}:0 -connect 127.0.0.1:${port}`] : []),
      '127.0.0.1',
    ],
  }
}

/** What a server says to a client that sends `bytes` first, until it closes; or the first of it. */
export function say(port: number, bytes: Buffer | string, { host = '127.0.0.1', within = 'tcp' } = {}) {
  return new Promise<string>(resolve => {
    const socket: Socket =
      within === 'tls' ? connectTls({ port, host, rejectUnauthorized: false }) : connectTcp({ port, host })
    const end = (text: string) => {
      socket.destroy()
      resolve(text)
    }
    socket.once(within === 'tls' ? 'secureConnect' : 'connect', () => bytes.length > 0 && socket.write(bytes))
    socket.once('data', data => end(data.toString('latin1').split('\r\n')[0] ?? ''))
    socket.once('close', () => end('closed')).on('error', () => {})
    socket.setTimeout(60_000, () => end('nothing within 60 s'))
  })
}
