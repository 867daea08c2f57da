/** The network that an isolated subject and its board have: a relay's addresses, and a name server that knows no name. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../../testbed/run-program.ts'
import type { Run } from '../../case.ts'
import { startNameServer } from './name-server.ts'

export async function makeNetwork(
  { folder, cleanup }: Pick<Run, 'folder' | 'cleanup'>,
  addresses: readonly [string, ...string[]],
): Promise<void> {
  await runProgram('ip', ['link', 'set', 'lo', 'up'])
  for (const address of addresses) await runProgram('ip', ['address', 'add', `${address}/32`, 'dev', 'lo'])
  // QEMU's network asks the server of the machine that it runs on.
  const resolvConf = join(folder, 'resolv.conf')
  await writeFile(resolvConf, `nameserver ${addresses[0]}\n`)
  await runProgram('mount', ['--bind', resolvConf, '/etc/resolv.conf'])
  cleanup(await startNameServer(addresses[0]))
}
