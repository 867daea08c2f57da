/** The settings of a console's line: as configured, as kept over a restart, and as set until the last session leaves. */
import { errorMessage } from '../../runtime/errors.ts'
import { describeChanges, type LineChanges } from '../line/changes.ts'
import type { Line, LineSettings, ModemLines, ModemOutputs } from '../line/line.ts'
import { describeSettings, settingsOf } from '../line/settings.ts'

/** Changes, and who made them. */
export interface MadeChanges {
  readonly by: string
  readonly changes: LineChanges
}

export interface LineControlOptions {
  configured: LineSettings
  /** Shown in the place of the settings, for a line that has none. */
  withoutSettings?: string | undefined
  /** From before the restart. */
  kept?: MadeChanges | undefined
  /** Stores what is kept from now on; undefined for nothing. */
  keep?(kept: MadeChanges | undefined): void
}

type Wanted = Required<LineChanges>

export class LineControl {
  readonly #configured: Wanted
  readonly #keep: (kept: MadeChanges | undefined) => void
  #kept: MadeChanges | undefined
  #temporary: MadeChanges | undefined
  #line: Line | undefined
  readonly withoutSettings: string | undefined

  constructor({ configured, withoutSettings, kept, keep = () => {} }: LineControlOptions) {
    this.withoutSettings = withoutSettings
    this.#configured = { ...settingsOf(configured), dtr: true, rts: true }
    this.#keep = keep
    this.#kept = this.#differing(kept)
  }

  /** What the line has, or will be opened with. */
  get settings(): LineSettings {
    return this.#line?.settings ?? settingsOf(this.#wanted)
  }

  /** The settings for people: `9600 8N1`. */
  get shown(): string {
    return this.withoutSettings ?? describeSettings(this.settings)
  }

  /** The modem lines that this end drives. */
  get outputs(): ModemOutputs {
    const { dtr, rts } = this.#wanted
    return this.#line?.outputs ?? { dtr, rts }
  }

  /** Those that the target drives; undefined for a line without any, or a closed one. */
  async modemLines(): Promise<ModemLines | undefined> {
    return this.#line?.modemLines().catch(() => undefined)
  }

  /** Set until the last session leaves. */
  get isTemporary(): boolean {
    return this.#temporary !== undefined
  }

  /** Undefined while all is as configured; else what that is, and who changed it for how long. */
  get difference(): { configured: string; why: string } | undefined {
    const last = this.#temporary ?? this.#kept
    if (!last) return undefined
    const { dtr, rts } = this.#wanted
    const down = [dtr ? '' : 'DTR is off, ', rts ? '' : 'RTS is off, '].join('')
    const until = this.#temporary ? 'until the last session leaves' : 'kept over restarts'
    return { configured: describeSettings(this.#configured), why: `${down}set by ${last.by}, ${until}` }
  }

  /**
   * A line was opened with {@link settings}, and the kernel raised both modem lines.
   * @returns what could not be set, as a sentence
   */
  async opened(line: Line): Promise<string | undefined> {
    this.#line = line
    const { dtr, rts } = this.#wanted
    if (dtr && rts) return undefined
    try {
      await line.setModemLines({ ...(!dtr && { dtr }), ...(!rts && { rts }) })
    } catch (err) {
      return errorMessage(err)
    }
    return undefined
  }

  closed(): void {
    this.#line = undefined
  }

  /** What a change comes to, for {@link apply} and {@link made}. */
  plan(by: string, changes: LineChanges, isKept: boolean): Plan {
    const temporary = isKept
      ? this.#temporary && without(this.#temporary, changes)
      : merged(this.#temporary, by, changes)
    return this.#plan(temporary, isKept ? merged(this.#kept, by, changes) : this.#kept)
  }

  planDefault(): Plan {
    return this.#plan(undefined, undefined)
  }

  planLastLeft(): Plan {
    return this.#plan(undefined, this.#kept)
  }

  /** @throws UserError when the line does not support it: then nothing is changed, or what was changed is taken back */
  async apply(line: Line, { wanted }: Plan): Promise<void> {
    const before = { ...line.settings, ...line.outputs }
    const { dtr, rts, ...settings } = changed(before, wanted)
    if (Object.keys(settings).length > 0) await line.set(settings)
    if (dtr === undefined && rts === undefined) return
    try {
      await line.setModemLines({ ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) })
    } catch (err) {
      await line.set(settingsOf(before))
      throw err
    }
  }

  /** The line has it now. */
  made({ temporary, kept }: Plan): void {
    this.#temporary = temporary
    if (JSON.stringify(kept) === JSON.stringify(this.#kept)) return
    this.#kept = kept
    this.#keep(kept)
  }

  get #wanted(): Wanted {
    return { ...this.#configured, ...this.#kept?.changes, ...this.#temporary?.changes }
  }

  #plan(temporary: MadeChanges | undefined, kept: MadeChanges | undefined): Plan {
    const plan = { temporary: this.#differing(temporary, kept), kept: this.#differing(kept) }
    return { ...plan, wanted: { ...this.#configured, ...kept?.changes, ...temporary?.changes } }
  }

  /** Without what is so anyway; undefined when nothing is left. */
  #differing(made: MadeChanges | undefined, under?: MadeChanges): MadeChanges | undefined {
    if (!made) return undefined
    const changes = changed({ ...this.#configured, ...under?.changes }, made.changes)
    return Object.keys(changes).length > 0 ? { by: made.by, changes } : undefined
  }
}

export interface Plan {
  readonly wanted: Wanted
  readonly temporary: MadeChanges | undefined
  readonly kept: MadeChanges | undefined
}

/** `115200 8N1`, with the modem lines where they are not both up. */
export function describeWanted({ dtr, rts, ...settings }: Wanted): string {
  return describeChanges({ ...settings, ...(!dtr && { dtr }), ...(!rts && { rts }) }, settings)
}

function merged(before: MadeChanges | undefined, by: string, changes: LineChanges): MadeChanges {
  return { by, changes: { ...before?.changes, ...changes } }
}

function without({ by, changes }: MadeChanges, taken: LineChanges): MadeChanges {
  const rest = Object.entries(changes).filter(([key]) => !Object.hasOwn(taken, key))
  return { by, changes: Object.fromEntries(rest) }
}

/** The entries of `to` that differ in `from`. */
function changed(from: Wanted, to: LineChanges): LineChanges {
  return Object.fromEntries(Object.entries(to).filter(([key, value]) => from[key as keyof Wanted] !== value))
}
