/** A technician behind a firewall: a relay with TLS and a device behind it in one network namespace, alice's machine in another. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../../testbed/make-key.ts'
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { makeCertificate, startHaproxy } from '../../transport/testing/gateways.ts'
import { parseFleet } from '../fleet/fleet-config.ts'
import { jumpHost } from '../fleet/host-names.ts'
import { renderKnownHosts } from '../fleet/render/known-hosts.ts'
import { renderSshConfig } from '../fleet/render/ssh-config.ts'
import { carryCertificate } from '../relay/apply/certificate.ts'
import { bundleTo } from './throwaway-host.ts'

/** TEST-NET-1 (RFC 5737), inside namespaces of this test alone. */
export const RELAY = '192.0.2.1'
const DESK = '192.0.2.2'

/** `SSH-2.0-`, as the first bytes after the TCP header. */
const SPEAKS_SSH = '@ih,0,64 0x5353482d322e302d'

export interface BlockedNetwork {
  directory: string
  /** The port of the relay, for SSH and for SSH within TLS. */
  port: number
  /** The host of the relay in alice's ssh_config. */
  relayHost: string
  /** Where gateways of the relay's side are to be. */
  where: { address: string; under: string[] }
  /** Replaces the firewall before the relay: rules of nftables. */
  firewall(...rules: string[]): Promise<void>
  /** The firewall resets connections in which somebody speaks SSH. */
  resetSsh(): Promise<void>
  /** Puts a network that opens TLS in the relay's place, for all that follows. */
  openTls(): Promise<void>
  /** Runs a program on alice's machine. */
  run(command: string[], options?: { env?: NodeJS.ProcessEnv; input?: string }): Promise<Finished>
  /** Runs a command on the device by `ssh tokyo`. */
  ssh(command: string, env?: NodeJS.ProcessEnv, more?: string[]): Promise<Finished>
}

export async function startBlockedNetwork(context: TestContext, { tls = true } = {}): Promise<BlockedNetwork> {
  const directory = await scratchDirectory(context)
  const path = (...parts: string[]) => join(directory, ...parts)
  const [far, desk] = [`oobm-f-${process.pid}`, `oobm-t-${process.pid}`]
  await makeNetwork(context, far, desk)
  const under = ['ip', 'netns', 'exec', far]
  const alice = await makeKey(directory, 'alice')
  const ofSshd = { authorizedKeys: [path('alice.pub')], under }
  const relay = await startSshd({ directory: path('relay'), ...ofSshd })
  context.cleanup(() => relay.stop())
  // It listens where the listener of its tunnel would be.
  const device = await startSshd({ directory: path('device'), ...ofSshd })
  context.cleanup(() => device.stop())
  context.onFailure(() => `${relay.log()}\n---\n${device.log()}`)
  const where = { address: RELAY, under }
  await carryCertificate(path('absent'), path('own.pem'), RELAY)
  const { port } = await startHaproxy(context, directory, relay.port, path('own.pem'), where)
  const fleet = parseFleet(
    'fleet.toml',
    `version = 1
[[relays]]
name = "lon"
accounts = "dedicated"
host = "${RELAY}"
port = ${port}
tls = ${tls}
host_keys = ["${relay.hostKey.publicKey}"]
[[devices]]
name = "tokyo"
port = ${device.port % 2 === 0 ? device.port : device.port - 1}
[[technicians]]
name = "alice"
keys = ["${alice.publicKey}"]
consoles = []
shells = "all"
uid = 20000
`,
  )
  const [person, lon] = [fleet.technicians[0], fleet.relays[0]]
  assert.ok(person && lon)
  await mkdir(path('oobm'))
  const files = { knownHostsFile: path('oobm/known_hosts') }
  await writeFile(path('oobm/config'), renderSshConfig(fleet, person, files))
  const keys = { shell: device.hostKey.publicKey, bridge: device.hostKey.publicKey }
  const knownHosts = renderKnownHosts(fleet, person, () => keys)
  await writeFile(files.knownHostsFile, knownHosts)
  const own = (...lines: string[]) =>
    writeFile(
      path('own'),
      [
        ...lines,
        ...[`Host oobm-relay-* tokyo`, `User ${relay.user}`, 'Host tokyo', `Port ${device.port}`, 'Host *'],
        ...['BatchMode yes', `IdentityFile ${alice.path}`, 'IdentitiesOnly yes', `Include ${path('oobm/config')}`, ''],
      ].join('\n'),
    )
  await own()
  await mkdir(path('bin'))
  await bundleTo(path('oobm-relay.cjs'))
  const program = `#!/bin/sh\nexec ${process.execPath} ${path('oobm-relay.cjs')} "$@"\n`
  await writeFile(path('bin/oobm-relay'), program, { mode: 0o755 })
  // What ssh reads without -F is in the home of the password database: all ssh here read this file instead.
  await writeFile(path('bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${path('own')} "$@"\n`, { mode: 0o755 })
  const base = { PATH: `${path('bin')}:${process.env.PATH}`, SSH_AUTH_SOCK: '', HOME: directory }
  const bare = Object.fromEntries(
    Object.keys(process.env)
      .filter(isOfProxy)
      .map(name => [name, '']),
  )
  const run: BlockedNetwork['run'] = (command, { env = {}, input } = {}) =>
    runProgram('ip', ['netns', 'exec', desk, ...command], {
      timeoutMs: 90_000,
      env: { ...process.env, ...bare, ...base, ...env },
      ...(input !== undefined && { input }),
    })
  const firewall = async (...rules: string[]) => {
    const text = `flush ruleset\ntable ip gate {\nchain in {\ntype filter hook prerouting priority 0\n${rules.join('\n')}\n}\n}\n`
    const { code, stderr } = await runProgram('ip', ['netns', 'exec', far, 'nft', '-f', '-'], { input: text })
    if (code !== 0) throw new Error(stderr)
  }
  return {
    ...{ directory, port, where, run, firewall },
    relayHost: jumpHost(lon, person.name),
    resetSsh: () => firewall(`iifname cable ${SPEAKS_SSH} counter reject with tcp reset`),
    openTls: async () => {
      const pem = await makeCertificate(directory, 'Company')
      const opener = await startHaproxy(context, directory, relay.port, pem, where)
      await own('Host oobm-relay-*', `Port ${opener.port}`)
    },
    ssh: (command, env, more = []) => run(['ssh', ...more, 'tokyo', command], { ...(env && { env }) }),
  }
}

function isOfProxy(name: string): boolean {
  return /_proxy$/i.test(name)
}

async function makeNetwork(context: TestContext, far: string, desk: string): Promise<void> {
  const run = async (...args: string[]) => {
    const { code, stderr } = await runProgram('ip', args)
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
  for (const name of [far, desk]) {
    await run('netns', 'add', name)
    context.cleanup(() => run('netns', 'delete', name))
    await run('-n', name, 'link', 'set', 'lo', 'up')
  }
  await run('-n', far, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', desk)
  await run('-n', far, 'address', 'add', `${RELAY}/24`, 'dev', 'cable')
  await run('-n', desk, 'address', 'add', `${DESK}/24`, 'dev', 'cable')
  for (const name of [far, desk]) await run('-n', name, 'link', 'set', 'cable', 'up')
}
