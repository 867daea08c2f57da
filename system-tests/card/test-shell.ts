/** Puts what a test needs on a card that was copied from an image: the shell that it talks to (machine/agent/), and drop-ins. */
import { join } from 'node:path'
import { runProgram } from '../../testbed/run-program.ts'
import { partitionIn } from './card.ts'

const AGENT = join(import.meta.dirname, '../machine/agent')
const UNITS = '/usr/lib/systemd/system'
const UNIT = 'oobm-test-agent.service'

export async function addTestShell(card: string): Promise<void> {
  await changeRoot(card, [
    `write ${AGENT}/oobm-test-agent /usr/lib/oobm-test-agent`,
    `write ${AGENT}/${UNIT} ${UNITS}/${UNIT}`,
    `symlink ${UNITS}/sysinit.target.wants/${UNIT} ../${UNIT}`,
  ])
}

/** @param unit with its `.service` @param file of this machine, with what the unit is to have besides */
export async function addDropIn(card: string, unit: string, file: string): Promise<void> {
  await changeRoot(card, [`mkdir ${UNITS}/${unit}.d`, `write ${file} ${UNITS}/${unit}.d/test.conf`])
}

/** @param commands of debugfs(8) */
async function changeRoot(card: string, commands: readonly string[]): Promise<void> {
  const { ext4 } = await partitionIn(card, 2)
  // debugfs ends with 0 whatever it says.
  const { stdout, stderr } = await runProgram('debugfs', ['-w', '-f', '-', ext4], { input: commands.join('\n') })
  const faults = `${stdout}\n${stderr}`.split('\n').filter(line => !/^(debugfs|Allocated|$)/.test(line))
  if (faults.length > 0) throw new Error(`debugfs: ${faults.join('\n')}`)
}
