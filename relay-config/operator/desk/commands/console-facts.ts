/** What the page has to know of a console, of `ssh CONSOLE status --json`; pure. */

export interface ConsoleFacts {
  types: string | undefined
  watch: readonly string[]
  hasOutlets: boolean
  /** As set now, and not as configured. */
  changed: string | undefined
  /** What a terminal sends to take over and to give up typing; older bridges do not say. */
  takeOver: string | undefined
  giveUp: string | undefined
}

interface Told {
  name?: unknown
  settings?: unknown
  changed?: unknown
  power?: unknown
  sessions?: readonly { technician?: unknown; writer?: unknown; via?: unknown }[]
  keys?: Record<string, unknown>
}

/** @returns undefined for what is no answer about this console */
export function readFacts(text: string, name: string): ConsoleFacts | undefined {
  let consoles: unknown
  try {
    consoles = (JSON.parse(text) as { consoles?: unknown }).consoles
  } catch {
    return undefined
  }
  const told = Array.isArray(consoles) ? (consoles as Told[]).find(console => console?.name === name) : undefined
  if (told === undefined) return undefined
  const sessions = (told.sessions ?? []).map(({ technician, writer, via }) => ({
    who: `${technician}${via ? ` (via ${via})` : ''}`,
    writer,
  }))
  const key = (command: string) => {
    const keys = told.keys?.[command]
    return typeof keys === 'string' ? keys : undefined
  }
  return {
    types: sessions.find(({ writer }) => writer === true)?.who,
    watch: sessions.filter(({ writer }) => writer !== true).map(({ who }) => who),
    hasOutlets: told.power !== undefined && told.power !== null,
    changed: told.changed ? String(told.settings) : undefined,
    takeOver: key('take-over'),
    giveUp: key('give-up'),
  }
}
