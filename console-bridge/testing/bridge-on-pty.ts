/** The bridge with its console `core-sw1` open on a pty, and technicians who come to it. */
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import { ptyTarget } from '../../testbed/pty-target.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { type BridgeFiles, bridgeFiles, openTerminal, sshArgs, startBridge, statusWhere } from './bridge-fixture.ts'

type ConsoleInput = NonNullable<DeviceConfigInput['consoles']>[number]

/**
 * @param line settings of the console
 * @param under a program to run the bridge under, such as strace
 */
export async function bridgeOnPty(context: TestContext, line: Partial<ConsoleInput> = {}, under: string[] = []) {
  const target = await ptyTarget(context, await scratchDirectory(context))
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path: target.path, ...line }])
  const bridge = await startBridge(context, files, under)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  /** A technician's ssh on a terminal. */
  const terminal = (who: keyof BridgeFiles['keys'], ...command: string[]) =>
    openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1', ...command))
  /** The same, once the console has greeted them. */
  const attach = async (who: keyof BridgeFiles['keys']) => {
    const attached = terminal(who)
    await attached.says(/for help\]/)
    return attached
  }
  return { target, files, bridge, terminal, attach }
}
