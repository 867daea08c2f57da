/** The console bridge's status file, and whether its heartbeat is fresh. */
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import { type ConsoleStatus, consoleStatusSchema } from '../../formats/status-file.ts'
import { HEARTBEAT_MAX_AGE_MS, type Heartbeat, heartbeatNow, silentForMs } from '../../runtime/boot-clock.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'

export type BridgeLook =
  | { state: 'running'; status: ConsoleStatus }
  | /** Its heartbeat is too old; Infinity for a file of another boot. */ {
      state: 'silent'
      forMs: number
    }
  | /** There is no status file that this version can read. */ { state: 'absent' }

export interface BridgeWatch {
  now(): BridgeLook
}

export interface WatchOptions {
  /** The bridge's run-time directory; it may not exist yet, and each start of the bridge creates a new one. */
  directory: string
  /** Called with the first look, and with each one that differs in more than the heartbeat. */
  onChange(look: BridgeLook): void
  signal: AbortSignal
  clock?: Clock
  heartbeat?(): Heartbeat
}

/** Milliseconds between two looks: inotify(7) reports changes sooner, but not that a heartbeat is missing. */
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
  /** Identifies what was read, so that an unchanged file is not read again. */
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
    const text = look.state === 'running' ? JSON.stringify({ ...look.status, heartbeat: undefined }) : look.state
    if (text === this.#told) return
    this.#told = text
    this.#onChange(look)
  }

  #read(): void {
    try {
      const { ino, mtimeMs, size } = statSync(this.#path)
      const version = `${ino} ${mtimeMs} ${size}`
      if (version === this.#version) return
      this.#version = version
      // The bridge replaces the file as a whole, so this text is complete.
      const text = size > FILE_MAX ? '' : readFileSync(this.#path, 'utf8')
      this.#status = consoleStatusSchema.safeParse(JSON.parse(text)).data
    } catch {
      this.#status = undefined
    }
  }
}

/** Reports changes in a directory, as far as the kernel does. */
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

  /** Starts to watch it; again if it is another directory than before. */
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
      // No inotify watch is left, or the directory is gone again: the poll sees changes, later.
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    this.#inode = undefined
  }

  /** Replacing a file causes several events. */
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
