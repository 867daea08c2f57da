/** The history of a device, as a timeline: who did what, and when. */
import { timeText } from './ages.ts'
import { type App, replayLink } from './app.ts'
import { h } from './dom.ts'

/** As `oobm-relay history --json` has it. */
export interface Entry {
  at: string
  by: string
  event: string
  console?: string
  technician?: string
  from?: string
  to?: string
  reason?: string
  rule?: string
  text?: string
  source?: string
}

/** Newest first. @param own the consoles that the person may open */
export function timeline(entries: readonly Entry[], own: ReadonlySet<string>, { words }: App): HTMLElement {
  return h(
    'ol',
    { class: 'timeline' },
    [...entries].reverse().map(entry => {
      const what = [
        entry.console,
        entry.technician !== entry.by && entry.technician,
        entry.rule,
        entry.text,
        entry.reason,
      ]
      const span = [entry.from, entry.to].filter(Boolean).map(iso => timeText(Date.parse(String(iso))))
      return h(
        'li',
        {},
        h('span', { class: 'when' }, whenText(entry.at)),
        h('strong', {}, entry.event),
        h('span', {}, entry.by),
        h('span', {}, [...what, span.join(' – ')].filter(Boolean).join(' · '), ' ', replayOf(entry, own, words)),
      )
    }),
  )
}

/** Of a session at a console, whose recording the device may have. */
function replayOf({ event, console, technician, from }: Entry, own: ReadonlySet<string>, words: App['words']) {
  if (event !== 'session' || technician === undefined || from === undefined) return undefined
  if (console === undefined || !own.has(console)) return undefined
  return h('a', { href: replayLink(console, from, technician) }, words.replay)
}

/** A line that was written by hand stays as it is. */
function whenText(iso: string): string {
  const ms = Date.parse(iso)
  return Number.isNaN(ms) ? iso : timeText(ms)
}
