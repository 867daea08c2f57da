/** Rows of the story: what technicians may do on the three ways in, and what they may not. */
import { waitFor } from '../../../testbed/wait-for.ts'
import { machineAddress, RELAY_ADDRESS } from '../wires.ts'
import type { Clients } from './clients.ts'
import { NUMBERS, PASSWORD, PORTS, type Scene } from './scene.ts'
import type { LiveTable } from './table.ts'

const STATUS = (console: string) => new RegExp(`^${console} on .*`, 'm')
const BRIDGE = /^SSH-2\.0-oobm-console\S*/m
const PROHIBITED = /administratively prohibited/
const NOT_LISTENING = /remote port forwarding failed/
const FAREWELL = /access to nagoya was switched off by ops/
const NOT_HERS = /you have no console "rt1"/
const NO_LOGIN = /Permission denied.*/
const NO_PASSWORD = /Access denied|No supported authentication methods available|Cannot answer interactive prompts/
const NOTHING_RUNS =
  /not allowed here\. .* Your consoles: sw1 sw3|unknown command "sh"|"list" is not available through the relay/
const SENTENCE = /This key opens consoles through the relay and runs nothing on it/

export async function jumping(table: LiveTable, { jump, sftp, ssh }: Clients): Promise<void> {
  await table.allowed('1 alice: ssh sw1 status', jump('alice', 'sw1', 'status'), STATUS('sw1'))
  await table.allowed('1 alice: ssh sw2 status', jump('alice', 'sw2', 'status'), STATUS('sw2'))
  await table.allowed('1 alice: ssh sw1 break 300', jump('alice', 'sw1', 'break', '300'), /.*BREAK.*/)
  await table.allowed('1 alice: ssh tokyo id -un', jump('alice', 'tokyo', 'id', '-un'), /^alice$/m)
  await table.allowed('1 alice: the shared login', jump('alice', '-l', 'oobm', 'tokyo', 'id', '-un'), /^oobm$/m)
  await table.allowed('1 alice: sftp tokyo', sftp('alice', 'tokyo', 'pwd\n'), /Remote working directory: .*/)
  await table.allowed('1 bob, observer: ssh sw2 status', jump('bob', 'sw2', 'status'), STATUS('sw2'))
  await table.allowed('1 carol: ssh sw3 status', jump('carol', 'sw3', 'status'), STATUS('sw3'))

  await table.refused(
    '1 bob, observer: ssh sw2 break',
    jump('bob', 'sw2', 'break'),
    /read-only: you are an observer; neither typing nor BREAK is sent/,
  )
  const asRt1 = ['-l', 'rt1', 'sw1']
  await table.refused('1 alice: rt1, the other console of tokyo', jump('alice', ...asRt1), NOT_HERS)
  await table.refused('1 alice: rt1 break', jump('alice', ...asRt1, 'break'), NOT_HERS)
  await table.refused('1 carol: sw1 in the name of alice', jump('carol', '-l', 'alice:sw1', 'sw1', 'status'), NO_LOGIN)
  await table.refused('1 carol: sw1 as local', jump('carol', '-l', 'local:sw1', 'sw1', 'status'), NO_LOGIN)
  await table.refused('1 alice: ssh sw1 id', jump('alice', 'sw1', 'id'), /unknown command "id"/)
  await table.refused('1 alice: sftp at a console', sftp('alice', 'sw1', 'pwd\n'), /subsystem request failed/)
  await table.refused('1 alice: -W at a console', jump('alice', '-W', '127.0.0.1:22', 'sw1'), PROHIBITED)
  const listen = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '127.0.0.1:9000:127.0.0.1:22']
  await table.refused('1 alice: -R at a console', jump('alice', ...listen, 'sw1'), NOT_LISTENING)
  await table.refused('1 alice: tokyo as root', jump('alice', '-l', 'root', 'tokyo', 'id'), NO_LOGIN)
  const selftest = jump('alice', '-l', 'oobm-selftest', 'tokyo', 'id')
  await table.refused('1 alice: tokyo as its self-test', selftest, NO_LOGIN)
  // Another's config with one's own key: the keys decide, not the files.
  await table.refused(
    '1 mallory at the relay as alice',
    ssh('mallory', 'alice', ['-W', `127.0.0.1:${PORTS.tokyo + 1}`]),
    NO_LOGIN,
  )
}

/** What those who only jump get from an ssh to the relay itself: their ports, and nothing else. */
export async function jumpersAtTheRelay(table: LiveTable, { ssh }: Clients): Promise<void> {
  const opens = (who: 'alice' | 'bob', to: string) => ssh(who, who, ['-W', to])
  const port = (device: keyof typeof PORTS, offset: 0 | 1) => `127.0.0.1:${PORTS[device] + offset}`
  await table.allowed('1 alice opens the consoles of tokyo', opens('alice', port('tokyo', 1)), BRIDGE)
  for (const to of [
    ...[port('osaka', 0), port('nagoya', 0), port('nagoya', 1), '127.0.0.1:22', '127.0.0.1:443'],
    ...[`localhost:${PORTS.tokyo + 1}`, `[::1]:${PORTS.tokyo + 1}`, `${RELAY_ADDRESS}:${PORTS.tokyo + 1}`],
    ...[`${machineAddress(NUMBERS.tokyo)}:22`, `${machineAddress(NUMBERS.operator)}:22`],
  ]) {
    await table.refused(`1 alice opens ${to}`, opens('alice', to), PROHIBITED)
  }
  for (const to of [port('osaka', 0), port('tokyo', 0), port('tokyo', 1)]) {
    await table.refused(`1 bob opens ${to}`, opens('bob', to), PROHIBITED)
  }
  for (const on of ['127.0.0.1:1', '127.0.0.1:9000', '0.0.0.0:9000', '127.0.0.1:0', port('nagoya', 0), '/tmp/socket']) {
    const options = ['-o', 'ExitOnForwardFailure=yes', '-R', `${on}:127.0.0.1:22`]
    await table.refused(`1 alice listens on ${on}`, ssh('alice', 'alice', options, 'x'), NOT_LISTENING)
  }
  for (const command of ['', 'id', 'sh -c id', ';id', '\nid']) {
    const args = command === '' ? [] : [command]
    const shown = JSON.stringify(command)
    await table.refused(`1 alice runs ${shown} on the relay`, ssh('alice', 'alice', ['-T'], ...args), SENTENCE)
  }
  const TOKYO =
    /^tokyo: access is on, and the device can be reached here; \d+ s ago it reported: (ready|in-use), proved .*/m
  await table.allowed('1 alice reads the state of tokyo', ssh('alice', 'alice', ['-T']), TOKYO)
  // sshd offers the same to every name: those that exist, those that only jump, those with a password.
  for (const as of ['alice', 'bob', 'carol', 'mallory', 'nobody', 'root', 'ops']) {
    const offered = /Permission denied \(publickey,password\)/
    await table.refused(`what the relay offers ${as} before a login`, ssh('mallory', as, [], 'x'), offered)
  }
  const pty = ssh('alice', 'alice', ['-tt'], 'sh')
  await table.refused('1 alice: a terminal on the relay', pty, /PTY allocation request failed/)
  await table.refused('1 alice: sftp at the relay', ssh('alice', 'alice', ['-s'], 'sftp'), /subsystem request failed/)
  const tun = ssh('alice', 'alice', ['-N', '-o', 'ExitOnForwardFailure=yes', '-w', 'any'])
  await table.refused('1 alice: a tun device', tun, /[Tt]unnel device.*|open failed.*/)
  for (const as of ['root', 'bob', 'carol', 'oobm-device', 'ops', 'nobody']) {
    await table.refused(`1 alice's key at the relay as ${as}`, ssh('alice', as, [], 'x'), NO_LOGIN)
  }
}

export async function loggingIn(table: LiveTable, { ssh, plink, scp }: Clients): Promise<void> {
  const carol = (options: string[], ...command: string[]) => ssh('carol', 'carol', options, ...command)
  const typed = (options: string[], ...command: string[]) => plink(PASSWORD, 'carol', options, ...command)
  await table.allowed('2 carol, key: sw1 status', carol([], 'sw1 status'), STATUS('sw1'))
  await table.allowed('2 carol, key: sw3 status', carol([], 'sw3 status'), STATUS('sw3'))
  await table.allowed('2 carol, password: sw1 status', typed([], 'sw1', 'status'), STATUS('sw1'))
  await table.allowed('2 carol: sw1 break 300', carol([], 'sw1 break 300'), /.*BREAK.*/)
  await table.allowed('2 carol: sw1', carol([], 'sw1'), /you are carol \(via relay\), operator.*/)
  await table.allowed('2 carol: jumps as well', carol(['-W', `127.0.0.1:${PORTS.nagoya + 1}`]), BRIDGE)
  const nc = (port: number) => typed(['-nc', `127.0.0.1:${port}`])
  await table.allowed('2 carol, password: jumps as well', nc(PORTS.nagoya + 1), BRIDGE)
  const aside = ['-A', '-X', '-o', 'SetEnv=ENV=/tmp/x IFS=c PATH=/tmp LD_PRELOAD=/tmp/x.so BASH_ENV=/tmp/x']
  await table.allowed('2 carol: her environment changes nothing', carol(aside, 'sw1 status'), STATUS('sw1'))

  for (const command of ['sw2', 'rt1 status', 'sh', 'sw1;id', 'sw1 sh', '$(id)', 'sw1 list', 'scp -t /tmp/x']) {
    await table.refused(`2 carol: ${command}`, carol([], command), NOTHING_RUNS)
    await table.refused(`2 carol, terminal: ${command}`, carol(['-tt'], command), NOTHING_RUNS)
  }
  await table.refused('2 carol: no command and no terminal', carol(['-T']), /no console given: .*/)
  for (const mode of ['-O', '-s'] as const) {
    await table.refused(`2 carol: scp ${mode}`, scp('carol', 'carol', mode), /not allowed here|Connection closed/)
  }
  await table.refused('2 carol: sftp', carol(['-s'], 'sftp'), /subsystem request failed|^$/)
  for (const to of ['127.0.0.1:22', '127.0.0.1:443', `127.0.0.1:${PORTS.osaka + 1}`, `127.0.0.1:${PORTS.tokyo}`]) {
    await table.refused(`2 carol opens ${to}`, carol(['-W', to]), PROHIBITED)
  }
  await table.refused('2 carol, password: opens 127.0.0.1:22', nc(22), /administratively prohibited/i)
  for (const on of ['127.0.0.1:0', '127.0.0.1:1', '/tmp/socket']) {
    const options = ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', `${on}:127.0.0.1:22`]
    await table.refused(`2 carol listens on ${on}`, carol(options), NOT_LISTENING)
  }
  const tun = carol(['-N', '-o', 'ExitOnForwardFailure=yes', '-w', 'any'])
  await table.refused('2 carol: a tun device', tun, /[Tt]unnel device.*|open failed.*/)
  await table.refused('2 carol, wrong password', plink('wrong', 'carol', [], 'sw1'), NO_PASSWORD)
  await table.refused('2 alice, who has no login, with it', plink(PASSWORD, 'alice', [], 'sw1'), NO_PASSWORD)
  await table.refused('2 root with it', plink(PASSWORD, 'root', [], 'id'), NO_PASSWORD)
  await table.refused('2 bob, who has no login: sw2', ssh('bob', 'bob', [], 'sw2'), SENTENCE)
  await table.refused("2 mallory's key as carol", ssh('mallory', 'carol', [], 'sw1'), NO_LOGIN)
}

export async function byOpenPorts(table: LiveTable, { direct }: Clients): Promise<void> {
  const console = PORTS.tokyo + 1
  await table.allowed('3 alice: sw1 by its port', direct('alice', console, 'sw1', 'sw1', 'status'), STATUS('sw1'))
  await table.allowed('3 alice: the shell', direct('alice', PORTS.tokyo, 'alice', 'tokyo', 'id', '-un'), /^alice$/m)
  await table.allowed('3 carol: sw1 by its port', direct('carol', console, 'sw1', 'sw1', 'status'), STATUS('sw1'))

  await table.refused('3 mallory: sw1', direct('mallory', console, 'sw1', 'sw1', 'status'), NO_LOGIN)
  await table.refused('3 mallory: the shell', direct('mallory', PORTS.tokyo, 'alice', 'tokyo', 'id'), NO_LOGIN)
  await table.refused('3 bob: sw1', direct('bob', console, 'sw1', 'sw1', 'status'), NO_LOGIN)
  await table.refused('3 carol, who has no shell', direct('carol', PORTS.tokyo, 'oobm', 'tokyo', 'id'), NO_LOGIN)
  await table.refused('3 alice: root', direct('alice', PORTS.tokyo, 'root', 'tokyo', 'id'), NO_LOGIN)
  await table.refused('3 alice: rt1', direct('alice', console, 'rt1', 'sw1', 'break'), NOT_HERS)
}

/** Access to one device, off and on again. */
export async function switchedOff(
  table: LiveTable,
  { jump, ssh, startDevice, startJump, startSsh }: Clients,
  { onRelay }: Scene,
): Promise<void> {
  const maintenance = (command: 'on' | 'off') => onRelay(`sudo -n oobm-relay ${command} nagoya`)
  const visits = [startJump('carol', 'sw3'), startSsh('carol', 'carol', 'sw3')]
  for (const visit of visits) await visit.says(/\[oobm: you are carol/, 60_000)
  await maintenance('off')
  for (const [way, visit] of visits.entries()) {
    await waitFor('the session to end', () => visit.ended(), { timeoutMs: 60_000 })
    const said = { code: null, signal: null, stdout: visit.output(), stderr: '' }
    await table.refused(`${way + 1} carol, at sw3 when it is switched off`, Promise.resolve(said), FAREWELL)
  }
  const login = () => ssh('carol', 'carol', [], 'sw3 status')
  await table.refused('1 carol: sw3, switched off', jump('carol', 'sw3', 'status'), /open failed: connect failed/)
  const told = (await ssh('carol', 'carol', [], 'devices')).stdout
  const carolSees = Promise.resolve({ code: null, signal: null, stdout: told, stderr: '' })
  await table.allowed(
    '2 carol sees who switched it off',
    carolSees,
    /^nagoya: access is off since .*, switched off by ops/m,
  )
  await table.refused(
    '2 carol: sw3, switched off',
    login(),
    /nagoya: access is off since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, switched off by ops, until it is switched on/,
  )
  await table.allowed('2 carol: sw1 meanwhile', ssh('carol', 'carol', [], 'sw1 status'), STATUS('sw1'))
  // Only the key, without the supervisor: it listens and never claims.
  const listener = startDevice('nagoya', '-N', '-v', '-R', `127.0.0.1:${PORTS.nagoya}:127.0.0.1:22`)
  await listener.says(/remote forward success/, 60_000)
  const said = await maintenance('off')
  if (!listener.ended()) await waitFor('the listener to end', () => listener.ended())
  const unclaimed = Promise.resolve({ code: null, signal: null, stdout: said, stderr: '' })
  await table.refused('nagoya listens without a claim, switched off', unclaimed, /without a claim was ended/)
  await maintenance('on')
  await table.allowed('2 carol: sw3, on again', login(), STATUS('sw3'))
}
