/** A bridge whose console has, at the other end of a real pty, programs of a target that transfer files; and clients. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { type BridgeFiles, bridgeFiles, openTerminal, sshArgs, startBridge, statusWhere } from './bridge-fixture.ts'
import { joinedPtys } from './joined-ptys.ts'

/** All bytes; not a whole number of blocks. */
export const FILE = Buffer.concat([
  ...Array.from({ length: 40 }, (_, i) => createHash('sha512').update(`${i}`).digest()),
  Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)),
  Buffer.from('end'),
])

export interface TransferLineOptions {
  /** Changes the environment of the bridge, once its folders are there. */
  env?(files: BridgeFiles): NodeJS.ProcessEnv
  /** A program to run the bridge under. */
  under?(files: BridgeFiles): string[]
}

export async function withLine(context: TestContext, { env = () => ({}), under = () => [] }: TransferLineOptions = {}) {
  const directory = await scratchDirectory(context)
  const { path, targetPath, unplug } = await joinedPtys(context, directory)
  const files = await bridgeFiles(context, [{ name: 'core-sw1', path, baudRate: 115_200 }])
  const state = join(files.directory, 'state')
  const shared = join(files.directory, 'files')
  await mkdir(state)
  await mkdir(shared)
  Object.assign(files.env, { STATE_DIRECTORY: state, OOBM_FILES: shared }, env(files))
  const bridge = await startBridge(context, files, under(files))
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  await writeFile(join(directory, 'original'), FILE)
  await mkdir(join(directory, 'received'))
  const scripts = {
    cancel: '\x18'.repeat(4),
    asks: 'printf C; exec tee ../heard',
    cancels: `printf C; head -c 3 >/dev/null; printf '${'\\030'.repeat(4)}'; exec cat >/dev/null`,
    offers: 'exec sb -f ../original ../cancel "../.odd name"',
    receives: `rb && printf 'copied %s bytes\\r\\n' "$(stat -c %s copy)"`,
  }
  for (const [name, text] of Object.entries(scripts)) await writeFile(join(directory, name), text)
  /** A program of the target, on its own line. By pipes: lrzsz flushes a terminal when it ends, its last answer too. */
  const onTarget = (command: string) => {
    const end = ['-d', `OPEN:${targetPath},noctty`, `EXEC:${command},pipes`]
    const program = startProgram('socat', end, { cwd: join(directory, 'received') })
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    return program
  }
  /** A technician's command, with a shell that knows `<`, `>` and `|`. @param before what stands before `ssh` */
  const transfer = (command: string, redirect: string, before = 'exec') => {
    const ssh = ['ssh', ...sshArgs(files, 'alice', 'core-sw1', ...command.split(' '))]
      .map(word => `'${word}'`)
      .join(' ')
    const program = startProgram('sh', ['-c', `cd ${directory}; ${before} ${ssh} ${redirect}`])
    context.cleanup(() => program.stop())
    context.onFailure(program.output)
    return program
  }
  const attach = async (who: 'alice' | 'bob' | 'olga') => {
    const terminal = openTerminal(context, 'ssh', sshArgs(files, who, 'core-sw1'))
    await terminal.says(/for help\]/)
    return terminal
  }
  const fileAt = (name: string) => readFile(join(directory, name))
  /** Bits per second of the line now. */
  const speed = async () => (await runProgram('stty', ['-F', path, 'speed'])).stdout.trim()
  return { files, directory, bridge, state, shared, path, onTarget, transfer, attach, fileAt, speed, unplug }
}
