/** A relay with one device and its console, and the operator's seat, whose own ssh logs in there. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bridgeOnPty } from '../../console-bridge/testing/bridge-on-pty.ts'
import type { DeviceReport } from '../../formats/control-protocol.ts'
import { readProcessStat } from '../../runtime/process-stat.ts'
import { programArgs } from '../../testbed/programs.ts'
import { startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { screenOf } from '../../testbed/tmux-screen.ts'

const REPORT: DeviceReport = {
  ...{ v: 1, state: 'ready', cause: 'proved', sinceS: 7_200, proofS: 40, proofBy: 'login', tookMs: 300, probeMs: 45 },
  ...{ sessions: { shell: 0, console: 0 }, software: '0.1.0', pingS: 15, uplink: 'eth0', changes: [] },
  consoles: [{ name: 'core-sw1', open: true, cause: '', who: [], outputS: 12 }],
}

export async function topScene(context: TestContext) {
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
  const relay = await startSshd({
    ...{ directory: join(directory, 'relay'), authorizedKeys },
    config: [`SetEnv PATH=${bin}:${process.env.PATH} SHLVL=1`],
  })
  context.cleanup(() => relay.stop())
  context.onFailure(relay.log)
  // The device's own sshd, at the port beside that of its consoles.
  const shell = await startSshd({ directory: join(directory, 'shell'), authorizedKeys, port: files.port - 1 })
  context.cleanup(() => shell.stop())

  const state = join(directory, 'relay-state')
  const record = async (device: string, change: Partial<DeviceReport> = {}) => {
    const stat = await readProcessStat(relay.program.pid)
    await mkdir(join(state, 'state', device), { recursive: true })
    const report = JSON.stringify({ ...REPORT, ...change })
    await writeFile(join(state, 'state', device, 'report.json'), `${report}\n`)
    const line = `${relay.program.pid} ${stat?.startTicks} sshd 0123456789abcdef0123456789abcdef\n`
    await writeFile(join(state, 'state', device, 'sessions'), line)
  }
  await record('rack1')
  const fleet = join(directory, 'fleet.toml')
  await writeFile(
    fleet,
    `version = 1
[[relays]]
name = "lon"
host = "127.0.0.1"
port = ${relay.port}
user = "${relay.user}"
directory = "${state}"
host_keys = ["${relay.hostKey.publicKey}"]
[[devices]]
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
    ['oobm-relay-lon', relay.hostKey],
    ['core-sw1', files.hostKey],
    ['rack1', shell.hostKey],
  ] as const
  await writeFile(join(folder, 'known_hosts'), hosts.map(([name, { publicKey }]) => `${name} ${publicKey}\n`).join(''))
  // The seat's own ssh_config: the key, and the relay's host key.
  await writeFile(join(directory, 'relay_hosts'), `[127.0.0.1]:${relay.port} ${relay.hostKey.publicKey}\n`)
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
    record,
    fleet,
    command,
    state,
    logins,
    screen: () => screenOf(context, directory, command),
  }
}

/** The processes of this program that run on the terminals of a tmux server, by a text in their command line. */
export async function commandLine(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
}
