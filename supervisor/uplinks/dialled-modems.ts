/** What `oobm-modem` says of the modems that it dials: why one is no uplink now. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ANY_MODEM } from '../../formats/cellular-settings.ts'
import { describeModemState, type ModemEntry, type ModemStatus, modemStatusSchema } from '../../formats/modem-status.ts'
import { HEARTBEAT_MAX_AGE_MS, type Heartbeat, heartbeatNow, silentForMs } from '../../runtime/boot-clock.ts'
import type { Clock } from '../../runtime/clock.ts'

export interface ModemTrouble {
  /** Of its interface; `modem` where there is none. */
  name: string
  why: string
}

/** Milliseconds between two looks. */
const POLL_MS = 3_000
/** Bytes of a status file that are read. */
const FILE_MAX = 100_000

export class DialledModems {
  readonly #path: string
  readonly #heartbeat: () => Heartbeat
  #version: string | undefined
  #status: ModemStatus | undefined

  /** @param directory the run-time directory of `oobm-modem`; there is none where no modem is dialled */
  constructor(directory: string, heartbeat: () => Heartbeat = heartbeatNow) {
    this.#path = join(directory, 'status.json')
    this.#heartbeat = heartbeat
  }

  /** Never throws. */
  troubles(): ModemTrouble[] {
    this.#read()
    if (this.#status === undefined) return []
    const isSilent = silentForMs(this.#status.heartbeat, this.#heartbeat()) > HEARTBEAT_MAX_AGE_MS
    return this.#status.modems.flatMap(entry => {
      if (isSilent) return [{ name: nameOf(entry), why: 'oobm-modem does not answer' }]
      return entry.state === 'connected' ? [] : [{ name: nameOf(entry), why: describeModemState(entry) }]
    })
  }

  /** Calls `onChange` after each change of what they say, until the signal is aborted. */
  async watch(clock: Clock, signal: AbortSignal, onChange: (troubles: ModemTrouble[]) => void): Promise<void> {
    let told = '[]'
    while (!signal.aborted) {
      const troubles = this.troubles()
      const text = JSON.stringify(troubles)
      if (text !== told) onChange(troubles)
      told = text
      await clock.sleep(POLL_MS, signal)
    }
  }

  #read(): void {
    try {
      const { ino, mtimeMs, size } = statSync(this.#path)
      const version = `${ino} ${mtimeMs} ${size}`
      if (version === this.#version) return
      this.#version = version
      // It is replaced as a whole.
      this.#status = modemStatusSchema.safeParse(
        JSON.parse(size > FILE_MAX ? '{}' : readFileSync(this.#path, 'utf8')),
      ).data
    } catch {
      this.#status = undefined
    }
  }
}

function nameOf({ interface: name, entry }: ModemEntry): string {
  return name ?? (entry === ANY_MODEM ? 'modem' : entry)
}
