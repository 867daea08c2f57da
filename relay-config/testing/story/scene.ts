/** The story's cast and places: a relay that comes out of its package, an operator, a desk of technicians, three devices. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type KeyPair, makeKey } from '../../../testbed/make-key.ts'
import { buildInto } from '../../../testbed/programs.ts'
import { type Finished, type ProgramOptions, runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import type { TestContext } from '../../../testbed/suite.ts'
import { startThrowawayHost, type ThrowawayHost } from '../throwaway-host.ts'
import { type Machine, RELAY_ADDRESS, startMachine } from '../wires.ts'

export const RELAY_PORT = 443
/** What carol sets for her login. */
export const PASSWORD = 'correct horse battery'
/** Port of each device's shell on the relay; the consoles' is the next. */
export const PORTS = { tokyo: 20100, osaka: 20102, nagoya: 20104 } as const
export type DeviceName = keyof typeof PORTS

/** alice jumps; bob jumps and only watches; carol also logs in; mallory is nobody here. */
export const PEOPLE = ['alice', 'bob', 'carol', 'mallory'] as const
export type Person = (typeof PEOPLE)[number]

/** The number of each machine in the network. */
export const NUMBERS = { operator: 10, desk: 11, tokyo: 12, osaka: 13, nagoya: 14 } as const

export interface Scene {
  relay: ThrowawayHost
  /** The folder of the bundled programs. */
  build: string
  /** The operator's folder: fleet.toml, secrets, and the technicians' keys. */
  folder: string
  desk: Machine
  keys: Record<Person, KeyPair>
  /** What was on the relay when nothing but the package was there. */
  before: Trace
  /** Runs `oobm-relay` where the operator works; it must succeed. */
  operate(...args: string[]): Promise<string>
  /** Runs a line of shell on the relay as the operator's login there, over ssh; it must succeed. */
  onRelay(line: string, input?: string): Promise<string>
  /** What the operator does in an editor. */
  edit(change: (text: string) => string): Promise<void>
}

/** The operator's login on the relay, who is not root. */
const OPERATOR = 'ops'

const NOBODY_LISTENS = '! ss -Hltn sport = :22 | grep -q .'
/** As it comes, but for PAM. */
const HOST_SSHD = `/usr/sbin/sshd -o UsePAM=no -o PidFile=none; while ${NOBODY_LISTENS}; do sleep 0.1; done`

/** Nothing of ours is on the relay yet but the package: an operator's login, the host's own sshd. */
const SET_UP = `
# A machine whose Node.js is npm's own may have an older one as a package.
dpkg --force-depends -i /root/fleet/oobm-relay.deb >/dev/null
useradd --create-home --password '*' --shell /bin/sh ${OPERATOR}
install -d -m 700 -o ${OPERATOR} /home/${OPERATOR}/.ssh
install -m 600 -o ${OPERATOR} /root/fleet/operator.pub /home/${OPERATOR}/.ssh/authorized_keys
echo '${OPERATOR} ALL=(root) NOPASSWD: /usr/bin/oobm-relay' >/etc/sudoers.d/${OPERATOR}
rm -f /etc/protocols
# sudo asks for it.
grep -qw "$(uname -n)" /etc/hosts || echo "127.0.0.1 $(uname -n)" >>/etc/hosts
${HOST_SSHD}`

export async function startScene(context: TestContext): Promise<Scene> {
  const relay = await startThrowawayHost(context, { bare: true })
  const build = join(await scratchDirectory(context), 'build')
  await buildPackage(build, relay.shared)
  const folder = await scratchDirectory(context)
  const operatorKey = await makeKey(relay.shared, 'operator')
  const keys = Object.fromEntries(
    await Promise.all(PEOPLE.map(async name => [name, await makeKey(folder, name)] as const)),
  ) as Scene['keys']
  await relay.sh(SET_UP)
  const before = await traceOf(relay)
  const operator = await startMachine(context, relay.pid, NUMBERS.operator)
  const desk = await startMachine(context, relay.pid, NUMBERS.desk)

  // The operator's own ssh settings, for their own login there.
  const bin = join(folder, 'bin')
  const settings = `-F none -i ${operatorKey.path} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`
  await mkdir(bin)
  await writeFile(
    join(bin, 'ssh'),
    `#!/bin/sh\ncase "$*" in *${OPERATOR}@*) set -- ${settings} "$@" ;; esac\nexec /usr/bin/ssh "$@"\n`,
    { mode: 0o755 },
  )
  await writeFile(join(folder, 'password'), `#!/bin/sh\necho '${PASSWORD}'\n`, { mode: 0o755 })
  const env = { PATH: `${bin}:${process.env.PATH}`, OOBM_FLEET: join(folder, 'fleet.toml') }
  const run = async (command: string, args: string[], options: ProgramOptions = {}) =>
    succeeded(await operator.run(command, args, { cwd: folder, env, ...options }), `${command} ${args.join(' ')}`)
  return {
    ...{ relay, build, folder, desk, keys, before },
    operate: (...args) => run(process.execPath, [join(build, 'lib/oobm-relay.cjs'), ...args]),
    onRelay: (line, input = '') => run('ssh', [`${OPERATOR}@${RELAY_ADDRESS}`, line], { input }),
    edit: async change => {
      const file = join(folder, 'fleet.toml')
      const text = await readFile(file, 'utf8')
      const changed = change(text)
      if (changed === text) throw new Error(`nothing was edited in ${text}`)
      await writeFile(file, changed)
    },
  }
}

/** The fleet from nothing to provisioned: as docs/relay.md and docs/ways-in.md have it. */
export async function tellTheStory(scene: Scene): Promise<void> {
  const { folder, keys, operate, onRelay, edit } = scene
  const push = () => operate('push', 'lon', `${OPERATOR}@${RELAY_ADDRESS}`, '--no-systemd')
  await operate('init', '--host', RELAY_ADDRESS, '--accounts', 'dedicated', '--name', 'lon', '--yes')
  await edit(text => text.replace(/^firewall = false/m, 'firewall = true'))
  await operate('add', 'device', 'tokyo', '--gateway', '--console', 'sw1', '--path', 'sim:router')
  await operate('add', 'console', 'tokyo', 'rt1', '--path', 'sim:router')
  await operate('add', 'device', 'osaka', '--console', 'sw2', '--path', 'sim:router')
  await operate('add', 'device', 'nagoya', '--console', 'sw3', '--path', 'sim:router')
  const add = (name: Person, ...args: string[]) =>
    operate('add', 'technician', name, '--key', `${keys[name].path}.pub`, ...args)
  await add('alice', '--consoles', 'sw1,sw2', '--shells', 'tokyo')
  await add('bob', '--consoles', 'sw2', '--role', 'observer')
  await add('carol', '--consoles', 'sw1,sw3', '--login', 'sw1,sw3')
  await operate('keys', '--all')
  const hostKey = /^ *(host_keys = \["ssh-ed25519 [^"]*"\])/m.exec(await push())?.[1]
  await edit(text => text.replace(/^host_keys = .*/m, hostKey ?? ''))
  const hopKey = /carol: add to hop_keys of this technician: ("[^"]*")/.exec(
    await onRelay('sudo -n oobm-relay hop-keys'),
  )
  await edit(text => text.replace(/^(login = .*)/m, `$1\nhop_keys = [${hopKey?.[1]}]`))
  await push()
  await setPassword(scene)
  for (const name of PEOPLE) {
    const rendered = join(folder, 'for', name)
    const mine = join(rendered, 'technicians', name, 'known_hosts')
    await operate('render', '--out', rendered, '--known-hosts', mine, '--identity', keys[name].path)
  }
  for (const name of Object.keys(PORTS)) await operate('issue', name)
}

/** The host's own sshd accepts passwords, as Debian's does by default: `passwd` says so, and its advice solves it. */
async function setPassword({ relay, onRelay }: Scene): Promise<void> {
  const set = () => onRelay('sudo -n oobm-relay passwd carol 2>&1 || :', `${PASSWORD}\n`)
  const [, file, lines] = /put this into (\S+) and reload that sshd:\n((?: .*\n)+)/.exec(await set()) ?? []
  await relay.sh(`cat >'${file}'; pkill -o -x sshd; until ${NOBODY_LISTENS}; do sleep 0.1; done; ${HOST_SSHD}`, lines)
  const said = await set()
  if (said.trim() !== 'carol has a new password') throw new Error(said)
}

export interface Trace {
  files: string[]
  accounts: string
  /** Tables of the firewall, sysctl settings, and daemons. */
  kernel: string
}

/** What `remove --all` must bring back; the system's logs, and the copies that its tools keep of account files, aside. */
export async function traceOf(relay: ThrowawayHost): Promise<Trace> {
  const kept = /^\.\/var\/log\/|^\.\/etc\/((passwd|shadow|group|gshadow|subuid|subgid)-?|\.pwd\.lock)$/
  return {
    files: (await relay.differences()).filter(path => !kept.test(path)),
    accounts: await relay.sh('cd /etc; cat passwd shadow group gshadow subuid subgid'),
    kernel: await relay.sh(
      'nft list tables; sysctl -n net.ipv4.conf.all.route_localnet; ls /run; pgrep -fa [/]etc/oobm || true',
    ),
  }
}

/** The .deb as it is built, and the programs that devices have. */
async function buildPackage(build: string, into: string): Promise<void> {
  const repository = join(import.meta.dirname, '../../..')
  const run = async (...args: string[]) => {
    const options = { cwd: repository, timeoutMs: 120_000 }
    return succeeded(await runProgram(process.execPath, ['--import', 'tsx', ...args], options), args.join(' '))
  }
  await buildInto(build)
  const file = (await run('packaging/build-deb.ts', build, into)).trim()
  succeeded(await runProgram('mv', [file, join(into, 'oobm-relay.deb')]), file)
}

function succeeded({ code, stdout, stderr }: Finished, what: string): string {
  if (code !== 0) throw new Error(`${what}: exit ${code}\n${stdout}${stderr}`)
  return stdout
}
