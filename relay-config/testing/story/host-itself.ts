/** Rows of the story: what devices' keys may do on the relay, and what the network lets through. */
import { machineAddress, RELAY_ADDRESS, relayAddress6 } from '../wires.ts'
import type { Clients } from './clients.ts'
import { NUMBERS, PASSWORD, PORTS, RELAY_PORT } from './scene.ts'
import type { LiveTable } from './table.ts'

const BRIDGE = /^SSH-2\.0-oobm-console\S*/m
const SSHD = /^SSH-2\.0-OpenSSH\S*/m
const COMMANDS = /the commands are: claim TOKEN, evict/
const PROHIBITED = /administratively prohibited/
const DROPPED = /connecting to .*: Connection timed out/
const NOT_LISTENING = /remote port forwarding failed/

/** The devices themselves are connected: what they listen on is theirs already. */
export async function devicesKeys(table: LiveTable, { ssh }: Clients): Promise<void> {
  const tokyo = (options: string[], ...command: string[]) => ssh('tokyo', 'oobm-device', options, ...command)
  await table.allowed('tokyo: oobm-device-command answers', tokyo(['-T'], 'x'), COMMANDS)
  await table.allowed('tokyo: its own shell and back', tokyo(['-W', `127.0.0.1:${PORTS.tokyo}`]), SSHD)
  await table.allowed('tokyo: its own consoles and back', tokyo(['-W', `127.0.0.1:${PORTS.tokyo + 1}`]), BRIDGE)
  for (const to of [
    ...[`127.0.0.1:${PORTS.osaka}`, `127.0.0.1:${PORTS.osaka + 1}`, '127.0.0.1:22', `127.0.0.1:${RELAY_PORT}`],
    ...[`localhost:${PORTS.tokyo}`, `[::1]:${PORTS.tokyo}`, `${RELAY_ADDRESS}:${PORTS.tokyo + 1}`],
    ...[`${machineAddress(NUMBERS.desk)}:22`],
  ]) {
    await table.refused(`tokyo opens ${to}`, tokyo(['-W', to]), PROHIBITED)
  }
  for (const on of [
    ...[`127.0.0.1:${PORTS.nagoya}`, '127.0.0.1:20106', '127.0.0.1:0', '127.0.0.1:22', '0.0.0.0:20099'],
    ...[`*:${PORTS.tokyo}`, `0.0.0.0:${PORTS.tokyo + 1}`, `[::]:${PORTS.tokyo}`, `localhost:${PORTS.tokyo}`],
    ...[`${RELAY_ADDRESS}:${PORTS.tokyo}`, '/tmp/socket'],
  ]) {
    const options = ['-o', 'ExitOnForwardFailure=yes', '-R', `${on}:127.0.0.1:22`]
    await table.refused(`tokyo listens on ${on}`, tokyo(options, 'x'), NOT_LISTENING)
  }
  for (const command of ['', 'id', 'sh -c id', ';id', '\nid', 'evict']) {
    const args = command === '' ? [] : [command]
    const says = command === 'evict' ? /claim first/ : COMMANDS
    await table.refused(`tokyo runs ${JSON.stringify(command)}`, tokyo(['-T'], ...args), says)
  }
  await table.refused('tokyo: a terminal', tokyo(['-tt'], 'sh'), /PTY allocation request failed/)
  await table.refused('tokyo: sftp', tokyo(['-s'], 'sftp'), /subsystem request failed/)
  const tun = tokyo(['-v', '-w', 'any:any'], 'x')
  await table.refused('tokyo: a tun device', tun, /tunnel device.*(refused|failed)|open failed.*/i)
  for (const as of ['root', 'alice', 'ops']) {
    await table.refused(`tokyo's key as ${as}`, ssh('tokyo', as, [], 'x'), /Permission denied/)
  }
}

export async function network(table: LiveTable, { adminPort, banner }: Clients): Promise<void> {
  const six = relayAddress6(NUMBERS.desk)
  await table.allowed('TCP: the relay', banner(RELAY_ADDRESS, RELAY_PORT), SSHD)
  await table.allowed('TCP: the relay by IPv6', banner(six, RELAY_PORT), SSHD)
  await table.allowed('TCP: admin_port', banner(RELAY_ADDRESS, 22), SSHD)
  await table.allowed('TCP: shell of the gateway device', banner(RELAY_ADDRESS, PORTS.tokyo), SSHD)
  await table.allowed('TCP: consoles of the gateway device', banner(RELAY_ADDRESS, PORTS.tokyo + 1), BRIDGE)
  // Each takes its whole time: nothing answers.
  await Promise.all([
    ...[8080, 111, PORTS.osaka, PORTS.osaka + 1, PORTS.nagoya, PORTS.nagoya + 1].map(port =>
      table.refused(`TCP: port ${port}`, banner(RELAY_ADDRESS, port), DROPPED),
    ),
    table.refused('TCP: port 8080 by IPv6', banner(six, 8080), DROPPED),
  ])
  // The accounts are the relay's; the host's own sshd knows them too.
  for (const who of ['alice', 'carol'] as const) {
    await table.refused(`admin_port: ${who}'s key`, adminPort(who), /Permission denied.*/)
  }
  await table.refused("admin_port: carol's password", adminPort('carol', PASSWORD), /Permission denied.*/)
}
