/** A real wpa_supplicant on an interface `wlan0` of a network namespace, which is a cable: it is in its first open network, or in none. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgram } from '../../../testbed/run-program.ts'
import type { TestContext } from '../../../testbed/suite.ts'

/** Whether this machine can run it, and if not, why. */
export const MISSING = process.getuid?.() === 0 ? undefined : 'only root makes network namespaces'

export interface RunningWpa {
  /** The folder of its socket. */
  sockets: string
  output(): string
}

/**
 * @param config as it is rendered for a board
 * @param isIn whether it gets into the first network, which is open
 */
export async function startWpa(
  context: TestContext,
  directory: string,
  config: string,
  isIn: boolean,
): Promise<RunningWpa> {
  const sockets = join(directory, 'wpa')
  const file = join(directory, 'wpa.conf')
  const control = `ctrl_interface=DIR=${sockets}${isIn ? '\nap_scan=0' : ''}`
  await writeFile(file, config.replace(/^ctrl_interface=.*$/m, control))
  const enter = [
    'ip link add wlan0 type veth peer name far0',
    'ip link set wlan0 up',
    'ip link set far0 up',
    `exec wpa_supplicant -i wlan0 -D ${isIn ? 'wired' : 'none,wired'} -c "$1"`,
  ]
  const program = startProgram('unshare', ['-n', 'sh', '-ec', enter.join('\n'), 'sh', file])
  context.cleanup(() => program.stop())
  context.onFailure(() => program.output())
  await program.says(isIn ? /CTRL-EVENT-CONNECTED/ : /Successfully initialized/)
  return { sockets, output: program.output }
}
