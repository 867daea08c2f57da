/** A disk with a write cache that a power cut empties: what was not flushed is lost, as on a card that says "written" early. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startProgram } from '../../testbed/run-program.ts'
import { waitFor } from '../../testbed/wait-for.ts'

export interface VolatileDisk {
  /** What QEMU takes for its file. */
  uri: string
  /** At once: the card has what was flushed. */
  cut(): Promise<void>
}

/** @param card its file, which nobody else reads or writes meanwhile @param directory for its socket and its cache */
export async function serveVolatileDisk(card: string, directory: string): Promise<VolatileDisk> {
  const socket = join(directory, 'disk.sock')
  // nbdkit-cache-filter(1): with "writeback", a write reaches the file when the guest flushes, and not before.
  const args = ['--foreground', '--exit-with-parent', '--unix', socket, '--filter=cache', 'file', card]
  const server = startProgram('nbdkit', [...args, 'cache=writeback'], { env: { TMPDIR: directory } })
  await waitFor('the disk', () => {
    if (server.ended()) throw new Error(`nbdkit ended: ${server.output()}`)
    return existsSync(socket)
  })
  return {
    uri: `nbd+unix:///?socket=${socket}`,
    cut: async () => {
      server.child.kill('SIGKILL')
      await server.stop(0)
    },
  }
}
