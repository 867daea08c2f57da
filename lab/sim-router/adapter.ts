/** The adapter between the bridge and the simulated router: a file that is there while it is plugged in. */
import { existsSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { OpenLine } from '../../console-bridge/line/line.ts'
import { UserError } from '../../runtime/errors.ts'

/** The line of `open` while the file is there; pulled out, it ends as a serial line does. */
export function behindAdapter(open: OpenLine, file: string): OpenLine {
  return async (console, events) => {
    if (!existsSync(file)) throw new UserError(`${console.path} does not answer: the adapter is unplugged`)
    let isOpen = true
    const line = await open(console, {
      onData: bytes => isOpen && events.onData(bytes),
      onHeld: held => isOpen && events.onHeld(held),
      onClose: cause => end(cause),
    })
    const watcher = watch(dirname(file), (_, name) => {
      if (name === basename(file) && !existsSync(file)) end('unplugged, or the adapter failed')
    })
    const end = (cause: string) => {
      if (!isOpen) return
      void close()
      events.onClose(cause)
    }
    const close = async () => {
      isOpen = false
      watcher.close()
      await line.close()
    }
    const { settings: _, outputs: __, ...methods } = line
    return {
      ...methods,
      get settings() {
        return line.settings
      },
      get outputs() {
        return line.outputs
      },
      write: bytes => {
        if (!isOpen) throw new UserError(`${console.path} is closed`)
        return line.write(bytes)
      },
      close,
    }
  }
}
