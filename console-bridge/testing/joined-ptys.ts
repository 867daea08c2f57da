/** Two ptys joined by a wire: the bridge opens the one, a real program of the target uses the other. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgram } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

export interface JoinedPtys {
  /** For the bridge. */
  readonly path: string
  /** For the target. */
  readonly targetPath: string
  /** Takes both away, as an adapter that is unplugged. */
  unplug(): Promise<unknown>
}

export async function joinedPtys(context: TestContext, directory: string): Promise<JoinedPtys> {
  const path = join(directory, 'line')
  const targetPath = join(directory, 'target')
  const wire = startProgram(
    'socat',
    [path, targetPath].map(link => `PTY,link=${link},raw,echo=0`),
  )
  context.cleanup(() => wire.stop())
  const held: FileHandle[] = []
  // Held open, because socat takes the last close for the end.
  for (const end of [path, targetPath]) {
    held.push(
      await waitFor(`the pty ${end}`, () => open(end, constants.O_RDWR | constants.O_NOCTTY).catch(() => undefined)),
    )
  }
  const release = () => Promise.all(held.splice(0).map(handle => handle.close()))
  context.cleanup(release)
  const unplug = async () => {
    await release()
    await wire.stop()
  }
  return { path, targetPath, unplug }
}
