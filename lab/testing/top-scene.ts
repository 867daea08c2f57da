/** A relay with one device and its console, and the operator's seat, whose own ssh logs in there; another relay where a test wants it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bridgeOnPty } from '../../console-bridge/testing/bridge-on-pty.ts'
import type { DeviceReport } from '../../formats/control-protocol.ts'
import { readProcessStat } from '../../runtime/process-stat.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { screenOf } from '../../testbed/tmux-screen.ts'

const REPORT: DeviceReport = {
  ...{ v: 1, state: 'ready', cause: 'proved', sinceS: 7_200, proofS: 40, proofBy: 'login', tookMs: 300, probeMs: 45 },
  ...{ sessions: { shell: 0, console: 0 }, software: '0.1.0', pingS: 15, uplink: 'eth0', changes: [] },
  consoles: [{ name: 'core-sw1', open: true, cause: '', who: [], outputS: 12 }],
}

export async function topScene(context: TestContext, { relays: names = ['lon'] }: { relays?: string[] } = {}) {
  const bridge = await bridgeOnPty(context)
  const { files } = bridge
  const { directory } = files
  const bin = join(directory, 'bin')
  await mkdir(bin)
  const program = [process.execPath, ...programArgs('relay-config/main.ts')]
  await writeFile(join(bin, 'oobm-relay'), `#!/bin/sh\ncd ${process.cwd()} && exec ${program.join(' ')} "$@"\n`, {
    mode: 0o755,
  })
  const authorizedKeys = [`${files.keys.alice.path}.pub`]
  const startRelay = async (name: string) => {
    const sshd = await startSshd({
      ...{ directory: join(directory, name), authorizedKeys },
      config: [`SetEnv PATH=${bin}:${process.env.PATH} SHLVL=1`],
    })
    context.cleanup(() => sshd.stop())
    context.onFailure(sshd.log)
    return { name, sshd, state: join(directory, `${name}-state`) }
  }
  const relays = await Promise.all(names.map(startRelay))
  const [first] = relays
  if (first === undefined) throw new Error('a scene has a relay')
  const { sshd: relay, state } = first
  // The device's own sshd, at the port beside that of its consoles.
  const shell = await startSshd({ directory: join(directory, 'shell'), authorizedKeys, port: files.port - 1 })
  context.cleanup(() => shell.stop())

  const record = async (device: string, change: Partial<DeviceReport> = {}, at = first) => {
    const { sshd, state } = at
    const stat = await readProcessStat(sshd.program.pid)
    await mkdir(join(state, 'state', device), { recursive: true })
    const report = JSON.stringify({ ...REPORT, ...change })
    await writeFile(join(state, 'state', device, 'report.json'), `${report}\n`)
    const line = `${sshd.program.pid} ${stat?.startTicks} sshd 0123456789abcdef0123456789abcdef\n`
    await writeFile(join(state, 'state', device, 'sessions'), line)
  }
  await record('rack1')
  const fleet = join(directory, 'fleet.toml')
  await writeFile(
    fleet,
    `version = 1
${relays.map(fleetEntry).join('')}[[devices]]
name = "rack1"
port = ${files.port - 1}
shell_user = "${relay.user}"
[[devices.consoles]]
name = "core-sw1"
path = "/dev/ttyUSB0"
label = "東京, rack 14"
[[devices]]
name = "rack2"
port = ${files.port + 101}
[[technicians]]
name = "alice"
keys = ["${files.keys.alice.publicKey}"]
consoles = "all"
shells = "all"
`,
  )
  const folder = join(directory, 'rendered/technicians/alice')
  await mkdir(folder, { recursive: true })
  const hosts = [
    ...relays.map(({ name, sshd }) => [`oobm-relay-${name}`, sshd.hostKey] as const),
    ['core-sw1', files.hostKey],
    ['rack1', shell.hostKey],
  ] as const
  await writeFile(join(folder, 'known_hosts'), hosts.map(([name, { publicKey }]) => `${name} ${publicKey}\n`).join(''))
  // The seat's own ssh_config: the key, and the relay's host key.
  const own = relays.map(({ sshd }) => `[127.0.0.1]:${sshd.port} ${sshd.hostKey.publicKey}\n`)
  await writeFile(join(directory, 'relay_hosts'), own.join(''))
  const options = `-F none -i ${files.keys.alice.path} -o IdentitiesOnly=yes -o UserKnownHostsFile=${directory}/relay_hosts`
  const seat = join(directory, 'seat')
  await mkdir(seat)
  await writeFile(
    join(seat, 'ssh'),
    `#!/bin/sh\ncase $1 in -F) exec /usr/bin/ssh "$@" ;; esac\nexec /usr/bin/ssh ${options} "$@"\n`,
    { mode: 0o755 },
  )
  const command = [
    ...['env', `PATH=${seat}:${process.env.PATH}`, ...program, 'top', '--fleet', fleet],
    ...['--identity', files.keys.alice.path],
  ]
  /** Logins at the relay until now. */
  const logins = async () => (relay.log().match(/Accepted publickey/g) ?? []).length
  return {
    ...bridge,
    relay,
    relays,
    record,
    fleet,
    command,
    state,
    logins,
    screen: () => screenOf(context, directory, command),
  }
}

function fleetEntry({ name, sshd, state }: { name: string; sshd: Sshd; state: string }): string {
  return `[[relays]]
name = "${name}"
host = "127.0.0.1"
port = ${sshd.port}
user = "${sshd.user}"
directory = "${state}"
host_keys = ["${sshd.hostKey.publicKey}"]
`
}

/** The processes of this program that run on the terminals of a tmux server, by a text in their command line. */
export async function commandLine(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
}
