/** A machine for systemd-networkd in namespaces of its own: a bus, networkd, and a network behind each interface. */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Program, runProgram, startProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { has } from './has.ts'

const NETWORKD = '/lib/systemd/systemd-networkd'

/** What is missing here for such a machine. */
export function missingForNetworkd(): string | undefined {
  if (spawnSync('test', ['-x', NETWORKD]).status !== 0) return 'needs systemd-networkd'
  if (spawnSync('unshare', ['-m', '-n', '-p', '-f', 'true']).status !== 0) return 'needs root'
  return ['dbus-daemon', 'busctl', 'busybox', 'arping', 'ip']
    .filter(program => !has(program))
    .map(name => `needs ${name}`)[0]
}

/** Without the policies of Debian's package: each user of this bus is ours. */
export const busConfig = (
  address: string,
) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>${address}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>`

/** A read-only /sys makes networkd do without udev, as in a container. */
const SETUP = `
mount -t tmpfs none /run
mkdir -p /run/dbus /run/netns /run/oobm-provision /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases
chmod -R go+rX /run && chown -R systemd-network: /run/systemd/netif
mount -t sysfs -o ro sysfs /sys
ip link set lo up
ip netns add site
ip link add eth0 type veth peer name site0 netns site
ip -n site link set lo up
ip -n site link set site0 up
echo made
exec sleep 600`

export interface NetworkdMachine {
  /** Where its files are, seen from here. */
  root: string
  /** Runs a line of shell there. @returns what it prints */
  sh(line: string): Promise<string>
  /** The same at the site, behind eth0. */
  atSite(line: string): Promise<string>
  /** A program there that runs until it is stopped. */
  start(command: string, ...args: string[]): Program
  startAtSite(command: string, ...args: string[]): Program
  /** The IPv4 addresses of eth0, with their lengths. */
  addresses(): Promise<string[]>
  /** A file that all of them read. */
  file(name: string, content: string): Promise<string>
}

/** @param files for /run/systemd/network and /run/oobm-provision */
export async function startNetworkdMachine(
  context: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<NetworkdMachine> {
  const directory = await scratchDirectory(context)
  const machine = startProgram('unshare', ['-m', '-n', '-p', '-f', '--mount-proc', '--kill-child', 'sh', '-euc', SETUP])
  context.cleanup(() => machine.stop())
  await machine.says(/^made$/m)
  const inside = (await readFile(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8')).trim()
  const enter = ['-t', inside, '-m', '-n', '-p']
  const run = async (args: string[]) => {
    const { code, stdout, stderr } = await runProgram('nsenter', [...enter, ...args])
    assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const start = (command: string, ...args: string[]) => {
    const program = startProgram('nsenter', [...enter, command, ...args])
    context.cleanup(() => program.stop())
    context.onFailure(() => `${command}:\n${program.output()}`)
    return program
  }
  const sh = (line: string) => run(['sh', '-euc', line])
  const file = async (name: string, content: string) => {
    await writeFile(join(directory, name), content)
    return join(directory, name)
  }
  for (const [path, content] of Object.entries(files)) {
    const source = await file('file', content)
    await sh(`cp ${source} ${path} && chmod 644 ${path}`)
  }
  const bus = await file('bus.conf', busConfig('unix:path=/run/dbus/system_bus_socket'))
  start('dbus-daemon', `--config-file=${bus}`, '--nofork', '--nopidfile')
  await waitFor('the bus', () =>
    sh('test -S /run/dbus/system_bus_socket').then(
      () => true,
      () => false,
    ),
  )
  start(NETWORKD)
  return {
    ...{ root: `/proc/${inside}/root`, sh, start, file },
    atSite: line => run(['ip', 'netns', 'exec', 'site', 'sh', '-euc', line]),
    startAtSite: (command, ...args) => start('ip', 'netns', 'exec', 'site', command, ...args),
    addresses: async () =>
      [...(await sh('ip -4 -o address show dev eth0')).matchAll(/ inet (\S+)/g)].map(([, address = '']) => address),
  }
}
