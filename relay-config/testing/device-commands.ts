/** What the tests of oobm-device-command need: a relay with two devices, and connections on which several commands can run. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../../testbed/free-port.ts'
import type { Finished, Program } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { Test, TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { type FleetRelay, startFleetRelay } from './fleet-relay.ts'

/** For many connections one after the other, on a machine that may be busy with other tests. */
export const SLOW = { timeoutMs: 120_000 }
const token = (digit: string) => digit.repeat(32)
export const [OLD, NEW, THIRD] = [token('a'), token('b'), token('c')]

/** The shells that /bin/sh is on some system. */
export const SHELLS: [name: string, path: string, shebang: string][] = [
  ['dash', '/bin/dash', '#!/bin/dash'],
  ['bash', '/bin/bash', '#!/bin/bash --posix'],
  ['busybox', '/bin/busybox', '#!/bin/busybox sh'],
]

/** Declares a test for each of them, on a relay whose commands it runs. */
export function testInEachShell(
  test: Test,
  title: string,
  body: (context: TestContext, relay: FleetRelay) => Promise<void>,
): void {
  const only = process.env.OOBM_TEST_SHELL
  for (const [shell, path, shebang] of SHELLS.filter(([shell]) => shell === (only ?? shell))) {
    if (existsSync(path)) {
      test(`in ${shell}: ${title}`, async context => body(context, await relayFor(context, shebang)), SLOW)
    } else {
      test.skip(`in ${shell}: ${title}`, `${path} is not here`)
    }
  }
}

/** A relay with the devices `tokyo` and `osaka`. */
export async function relayFor(context: TestContext, shebang?: string): Promise<FleetRelay> {
  const [tokyo, osaka] = await freePorts(2)
  const relay = await startFleetRelay({
    directory: await scratchDirectory(context),
    devices: { tokyo: Math.min(tokyo ?? 0, 60_000), osaka: Math.max(osaka ?? 0, 60_002) },
    ...(shebang !== undefined && { shebang }),
  })
  context.cleanup(() => relay.sshd.stop())
  context.onFailure(relay.sshd.log)
  return relay
}

export interface DeviceConnection {
  readonly master: Program
  run(command: string): Promise<Finished>
  /** Runs `claim`, and returns when it has answered; it stays. */
  claim(token: string): Promise<Program>
}

/** A connection on which several commands can run, as the supervisor does: ssh's own multiplexing. */
export async function connection(
  context: TestContext,
  relay: FleetRelay,
  device: string,
  options: string[] = [],
): Promise<DeviceConnection> {
  const socket = join(await scratchDirectory(context), 'mux')
  const master = relay.startSsh(device, ['-M', '-S', socket, '-N', '-o', 'ServerAliveInterval=0', ...options])
  context.cleanup(() => master.stop())
  await waitFor('the connection', () => existsSync(socket) || master.ended())
  const run = (command: string) => relay.ssh(device, ['-S', socket], command)
  const claim = async (token: string): Promise<Program> => {
    const channel = relay.startSsh(device, ['-S', socket], `claim ${token}`)
    context.cleanup(() => channel.stop())
    await channel.says(/^(claimed|superseded)\n/m)
    return channel
  }
  return { master, run, claim }
}

/** Sends a line on a control channel. */
export const ask = (channel: Program, line: string) => channel.child.stdin?.write(`${line}\n`)

/** The lines of a file that oobm-device-command keeps of a device. */
export async function records(relay: FleetRelay, device: string, file = 'sessions'): Promise<string[]> {
  const text = await readFile(join(relay.stateDirectory, device, file), 'utf8').catch(() => '')
  return text.split('\n').slice(0, -1)
}

/** The process that a record names. */
export const pidOf = (record: string | undefined) => Number(record?.split(' ')[0])
