/** The history of logins at this device's sshd, as `/usr/lib/oobm/record-login` writes it: lines → sessions; pure. */
import * as z from 'zod'

/** `at`: seconds since 1970, as the clock was; `uptime`: seconds since the boot. */
const common = { at: z.number(), uptime: z.number(), boot: z.string(), pid: z.int() }
const lineSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('open'), account: z.string(), person: z.string(), from: z.string(), ...common }),
  z.object({ event: z.literal('close'), ...common }),
])

type Line = z.output<typeof lineSchema>

export const shellSessionSchema = z.object({
  /** What was typed as the login name. */
  account: z.string(),
  /** Whose key it was; null where no list has it. */
  person: z.string().nullable(),
  /** Address of the other end, as sshd saw it. */
  from: z.string(),
  /** `relay`: by the tunnel, or from this device itself, which look the same here. */
  way: z.enum(['relay', 'network']),
  /** Milliseconds since 1970. */
  openedAt: z.int(),
  /** Null while it lasts, and when nobody saw its end. */
  closedAt: z.int().nullable(),
  /** `lost`: the power went, or the system was restarted, and nothing wrote down the end. */
  state: z.enum(['open', 'closed', 'lost']),
})

export type ShellSession = z.output<typeof shellSessionSchema>

export interface Present {
  boot: string
  isRunning(pid: number): boolean
}

/** Seconds that two readings of one clock may be apart without the clock having been set. */
const CLOCK_SET_S = 2

/** @returns oldest first; lines that a power cut left half written are left out */
export function shellSessions(text: string, { boot, isRunning }: Present): ShellSession[] {
  const lines = text.split('\n').flatMap(line => parseLine(line) ?? [])
  const offsets = offsetsOf(lines)
  /** Of the monotonic time, so that a board that learned the time meanwhile gives both ends on one clock. */
  const instant = (line: Line) => Math.round((line.uptime + (offsets.get(line.boot) ?? line.at - line.uptime)) * 1000)
  return lines.flatMap((line, at): ShellSession[] => {
    if (line.event !== 'open') return []
    const next = lines.slice(at + 1).find(({ boot, pid }) => boot === line.boot && pid === line.pid)
    const close = next?.event === 'close' ? next : undefined
    const lasts = next === undefined && line.boot === boot && isRunning(line.pid)
    return [
      {
        account: line.account,
        person: line.person === '' ? null : line.person,
        from: line.from,
        way: /^(127\.|::1$|localhost$)/.test(line.from) ? 'relay' : 'network',
        openedAt: instant(line),
        closedAt: close === undefined ? null : instant(close),
        state: close !== undefined ? 'closed' : lasts ? 'open' : 'lost',
      },
    ]
  })
}

function parseLine(line: string): Line | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** The time of each boot by its last line: what the clock said last is right. */
function offsetsOf(lines: readonly Line[]): Map<string, number> {
  const offsets = new Map<string, number>()
  for (const { boot, at, uptime } of lines) {
    const before = offsets.get(boot)
    if (before === undefined || Math.abs(at - uptime - before) > CLOCK_SET_S) offsets.set(boot, at - uptime)
  }
  return offsets
}
