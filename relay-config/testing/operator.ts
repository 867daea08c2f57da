/** An operator’s folder, the program as it is typed there, and the relay that it is for. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePortPair } from '../../testbed/free-port.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { SSHD_SETTINGS } from '../fleet/render/sshd-config.ts'

export interface Operator {
  readonly folder: string
  /** Of the relay's login. */
  readonly home: string
  readonly alice: KeyPair
  /** The listener port of the device `tokyo`. */
  readonly port: number
  oobmRelay(...args: string[]): Promise<Finished>
  writeFleet(relayPort: number, user: string): Promise<void>
  startRelay(name: string, config: string[]): Promise<Sshd>
  /** Runs the rendered installation as the relay's login. */
  install(): Promise<Finished>
}

/** An operator's folder with a fleet of one relay, which the sshd that is started last becomes. */
export async function operator(context: TestContext): Promise<Operator> {
  const folder = await scratchDirectory(context)
  const home = join(folder, 'home')
  await mkdir(join(home, '.ssh'), { recursive: true })
  const alice = await makeKey(folder, 'alice')
  const hostKey = await makeKey(folder, 'host-key')
  const port = await freePortPair()
  const oobmRelay = (...args: string[]) =>
    runProgram(process.execPath, [...programArgs('relay-config/main.ts'), ...args], {
      env: { OOBM_FLEET: join(folder, 'fleet.toml') },
      timeoutMs: 60_000,
    })
  const writeFleet = (relayPort: number, user: string) =>
    writeFile(
      join(folder, 'fleet.toml'),
      `version = 1
[[relays]]
name = "lab"
host = "127.0.0.1"
port = ${relayPort}
user = "${user}"
host_keys = ["${hostKey.publicKey}"]
directory = "${home}/.oobm"
[[devices]]
name = "tokyo"
port = ${port}
consoles = [{ name = "sw1", path = "/dev/ttyUSB0" }]
[[technicians]]
name = "alice"
keys = ["${alice.publicKey}"]
consoles = "all"
`,
    )
  await writeFleet(443, 'oobm')
  const startRelay = async (name: string, config: string[]): Promise<Sshd> => {
    const sshd = await startSshd({
      directory: join(folder, name),
      hostKey,
      authorizedKeys: [join(home, '.ssh', 'authorized_keys')],
      config,
    })
    context.cleanup(() => sshd.stop())
    context.onFailure(sshd.log)
    await writeFleet(sshd.port, sshd.user)
    return sshd
  }
  const install = () => runProgram('sh', [join(folder, 'rendered/relay/lab/install')], { env: { HOME: home } })
  return { folder, home, alice, port, oobmRelay, writeFleet, startRelay, install }
}

/** What sshd needs for a relay, with some of it set otherwise. */
export const settings = (change: Record<string, string> = {}) =>
  Object.keys(SSHD_SETTINGS).map(line => {
    const [name = ''] = line.split(' ')
    return change[name] === undefined ? line : `${name} ${change[name]}`
  })
