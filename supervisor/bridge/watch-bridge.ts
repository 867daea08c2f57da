/** What the console bridge says of itself in its status file, and whether it still says it. */
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import { type ConsoleStatus, consoleStatusSchema } from '../../formats/status-file.ts'
import { HEARTBEAT_MAX_AGE_MS, type Heartbeat, heartbeatNow, silentForMs } from '../../runtime/boot-clock.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'

export type BridgeLook =
  | { state: 'running'; status: ConsoleStatus }
  | /** It has a status file, and no heartbeat in it; Infinity is for a file of another boot. */ {
      state: 'silent'
      forMs: number
    }
  | /** It has no status file that this version can read. */ { state: 'absent' }

export interface BridgeWatch {
  now(): BridgeLook
}

export interface WatchOptions {
  /** The bridge's run-time directory; it may not be there yet, and is a new one at each start of the bridge. */
  directory: string
  /** Called with the first look, and with each that says something else than a heartbeat. */
  onChange(look: BridgeLook): void
  signal: AbortSignal
  clock?: Clock
  heartbeat?(): Heartbeat
}

/** Milliseconds between two looks: inotify(7) says more quickly what changes, and not when nothing does. */
const POLL_MS = 2_000
/** Bytes of a status file that are read: dozens of consoles, each with all the sessions that the bridge allows. */
const FILE_MAX = 1_000_000

/** Looks until the signal is aborted. */
export function watchBridge(options: WatchOptions): BridgeWatch {
  const { signal, clock = systemClock } = options
  const bridge = new Bridge(options)
  const directory = new Directory(options.directory, () => {
    if (!signal.aborted) bridge.look()
  })
  void (async () => {
    while (!signal.aborted) {
      directory.watch()
      bridge.look()
      await clock.sleep(POLL_MS, signal)
    }
    directory.close()
  })()
  return { now: () => bridge.now() }
}

class Bridge {
  readonly #path: string
  readonly #onChange: (look: BridgeLook) => void
  readonly #heartbeat: () => Heartbeat
  /** Which file was read, and when it was written: it is not read again for nothing. */
  #version: string | undefined
  #status: ConsoleStatus | undefined
  #told: string | undefined

  constructor({ directory, onChange, heartbeat = heartbeatNow }: WatchOptions) {
    this.#path = join(directory, 'status.json')
    this.#onChange = onChange
    this.#heartbeat = heartbeat
  }

  now(): BridgeLook {
    if (this.#status === undefined) return { state: 'absent' }
    const forMs = silentForMs(this.#status.heartbeat, this.#heartbeat())
    return forMs > HEARTBEAT_MAX_AGE_MS ? { state: 'silent', forMs } : { state: 'running', status: this.#status }
  }

  look(): void {
    this.#read()
    const look = this.now()
    const words = look.state === 'running' ? JSON.stringify({ ...look.status, heartbeat: undefined }) : look.state
    if (words === this.#told) return
    this.#told = words
    this.#onChange(look)
  }

  #read(): void {
    try {
      const { ino, mtimeMs, size } = statSync(this.#path)
      const version = `${ino} ${mtimeMs} ${size}`
      if (version === this.#version) return
      this.#version = version
      // The bridge replaces the file: what is read here is whole.
      const text = size > FILE_MAX ? '' : readFileSync(this.#path, 'utf8')
      this.#status = consoleStatusSchema.safeParse(JSON.parse(text)).data
    } catch {
      this.#status = undefined
    }
  }
}

/** Tells that something in a directory changed, as far as the kernel says so. */
class Directory {
  readonly #path: string
  readonly #onEvent: () => void
  #watcher: FSWatcher | undefined
  #inode: number | undefined
  #isDue = false

  constructor(path: string, onEvent: () => void) {
    this.#path = path
    this.#onEvent = onEvent
  }

  /** Begins to watch it, again where it is another one than before. */
  watch(): void {
    const inode = inodeOf(this.#path)
    if (inode === this.#inode) return
    this.close()
    if (inode === undefined) return
    try {
      this.#watcher = watch(this.#path, { persistent: false }, () => this.#soon())
      this.#watcher.on('error', () => this.close())
      this.#inode = inode
    } catch {
      // No inotify watch is left, or the directory is gone again: the poll sees what happens, later.
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    this.#inode = undefined
  }

  /** One replacement of a file is several events. */
  #soon(): void {
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      this.#onEvent()
    })
  }
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}
