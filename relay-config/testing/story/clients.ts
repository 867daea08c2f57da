/** How people and devices reach the story's relay: the real ssh, sftp, scp and plink, from the technicians' desk. */
import { join } from 'node:path'
import { type Finished, type Program, runProgram } from '../../../testbed/run-program.ts'
import { keyPath } from '../../fleet/key-files.ts'
import { RELAY_ADDRESS } from '../wires.ts'
import { type DeviceName, type Person, RELAY_PORT, type Scene } from './scene.ts'

export interface Clients {
  /** ssh with the folder that the operator sent: way 1. */
  jump(who: Person, ...args: string[]): Promise<Finished>
  /** The same with a terminal, going on. */
  startJump(who: Person, ...args: string[]): Program
  startSsh(key: Person, as: string, ...command: string[]): Program
  startDevice(key: DeviceName, ...options: string[]): Program
  sftp(who: Person, host: string, input: string): Promise<Finished>
  /** ssh to an account of the relay with somebody's key. */
  ssh(key: Person | DeviceName, as: string, options: string[], ...command: string[]): Promise<Finished>
  /** To an open port of the relay's address, with somebody's key: way 3. */
  direct(key: Person, port: number, login: string, alias: string, ...command: string[]): Promise<Finished>
  /** ssh to the host's own sshd, with a key or with a password. */
  adminPort(as: Person, password?: string): Promise<Finished>
  scp(key: Person, as: string, mode: '-O' | '-s'): Promise<Finished>
  plink(password: string, as: string, options: string[], ...command: string[]): Promise<Finished>
  /** What a TCP port of the relay says first. */
  banner(address: string, port: number): Promise<Finished>
}

export async function startClients({ desk, folder, keys }: Scene): Promise<Clients> {
  const sent = (who: Person) => join(folder, 'for', who, 'technicians', who)
  const known = join(sent('alice'), 'known_hosts')
  const keyOf = (name: Person | DeviceName) =>
    name in keys ? keys[name as Person].path : keyPath(join(folder, 'secrets'), name, 'relayKey')
  const strict = (key: string, alias: string) => [
    ...['-F', 'none', '-i', key, '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', '-o', 'BatchMode=yes'],
    ...['-o', 'StrictHostKeyChecking=yes', '-o', `HostKeyAlias=${alias}`, '-o', `UserKnownHostsFile=${known}`],
    ...['-o', 'ConnectTimeout=15', '-o', 'LogLevel=INFO'],
  ]
  const toRelay = (name: Person | DeviceName) => strict(keyOf(name), 'oobm-relay-lon')
  const { stdout } = await runProgram('sh', ['-c', `ssh-keygen -lF oobm-relay-lon -f '${known}'`])
  const fingerprint = /SHA256:\S+/.exec(stdout)?.[0] ?? ''
  return {
    jump: (who, ...args) => desk.run('ssh', ['-F', join(sent(who), 'config'), '-o', 'BatchMode=yes', ...args]),
    startJump: (who, ...args) => desk.start('ssh', ['-tt', '-F', join(sent(who), 'config'), ...args]),
    startSsh: (key, as, ...command) =>
      desk.start('ssh', ['-tt', ...toRelay(key), '-p', String(RELAY_PORT), `${as}@${RELAY_ADDRESS}`, ...command]),
    startDevice: (key, ...options) =>
      desk.start('ssh', [...toRelay(key), '-p', String(RELAY_PORT), ...options, `oobm-device@${RELAY_ADDRESS}`]),
    sftp: (who, host, input) =>
      desk.run('sftp', ['-F', join(sent(who), 'config'), '-o', 'BatchMode=yes', host], { input }),
    ssh: (key, as, options, ...command) =>
      desk.run('ssh', [
        ...toRelay(key),
        '-p',
        String(RELAY_PORT),
        ...options,
        `${as}@${RELAY_ADDRESS}`,
        '--',
        ...command,
      ]),
    direct: (key, port, login, alias, ...command) =>
      desk.run('ssh', [...strict(keyOf(key), alias), '-p', String(port), `${login}@${RELAY_ADDRESS}`, ...command]),
    scp: (key, as, mode) =>
      desk.run('scp', [mode, ...toRelay(key), '-P', String(RELAY_PORT), known, `${as}@${RELAY_ADDRESS}:/tmp/copied`]),
    plink: (password, as, options, ...command) =>
      desk.run('plink', [
        ...['-batch', '-ssh', '-no-antispoof', '-P', String(RELAY_PORT), '-hostkey', fingerprint, '-pw', password],
        ...[...options, `${as}@${RELAY_ADDRESS}`, ...command],
      ]),
    adminPort: (as, password) => {
      const to = ['-p', '22', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null']
      const who = `${as}@${RELAY_ADDRESS}`
      if (password === undefined)
        return desk.run('ssh', ['-F', 'none', '-i', keyOf(as), '-o', 'BatchMode=yes', ...to, who, 'id'])
      const typed = ['-o', 'PubkeyAuthentication=no', '-o', 'NumberOfPasswordPrompts=1']
      const env = { SSH_ASKPASS: join(folder, 'password'), SSH_ASKPASS_REQUIRE: 'force' }
      return desk.run('ssh', ['-F', 'none', ...typed, ...to, who, 'id'], { env })
    },
    banner: (address, port) => {
      const to = address.includes(':') ? `TCP6:[${address}]` : `TCP:${address}`
      return desk.run('socat', ['-T3', '-', `${to}:${port},connect-timeout=3`])
    },
  }
}
