/** The equipment at the far end of the emulated adapter: the lab's simulated router, on the adapter's socket. */
import { createConnection } from 'node:net'
import { consoleSchema } from '../../../formats/console-settings.ts'
import { simRouter } from '../../../lab/sim-router/open-sim-router.ts'

export interface Equipment {
  /** What came from the device so far. */
  heard(): string
  unplug(): void
}

/** Plugs the adapter in, where it was not, and switches the router on. */
export async function plugIn(adapterSocket: string): Promise<Equipment> {
  const socket = createConnection(adapterSocket)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  let heard = ''
  const line = await simRouter()(consoleSchema.parse({ name: 'router', path: 'sim:router' }), {
    onData: bytes => socket.write(bytes),
    onHeld: () => {},
    onClose: () => {},
  })
  socket.on('data', bytes => {
    heard += bytes
    line.write(bytes)
  })
  socket.once('close', () => line.close())
  return { heard: () => heard, unplug: () => socket.destroy() }
}
