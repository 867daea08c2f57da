/** The recorded sessions of a console, and one of them played. */
import { createCast, RECORDING_MAX_BYTES } from '../recordings/cast.ts'
import type { RecordingEnd } from '../recordings/recording-messages.ts'
import { timeText } from './ages.ts'
import { type App, deviceLink, type Page, replayLink } from './app.ts'
import { askConsole } from './dialogs.ts'
import { h } from './dom.ts'
import { createPlayer, type Player, spanText } from './player.ts'
import { openSocket } from './talk.ts'

/** What the address names: a console, and one of its recordings, by its number or as the history knows it. */
export interface ReplayPlace {
  console: string
  number?: number
  /** Milliseconds since 1970 at which a session began, and whose it was. */
  begun?: { atMs: number; who: string }
}

/** As `recordings list --json` has it. */
interface Entry {
  number: number
  who: string
  beganAt: number
  end: { at: number; how: string; typedBytes: number } | null
  kept: 'all' | 'part' | 'none'
}

/** Milliseconds by which the beginning of a session may differ between the device and its relay. */
const SAME_MS = 15_000

/** `#/replay/sw1`, `#/replay/sw1/7`, `#/replay/sw1/2026-11-27T04:00:00Z/alice` */
export function replayPlace(hash: string): ReplayPlace | undefined {
  const [, console, which, who] = /^#\/replay\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(hash) ?? []
  if (console === undefined) return undefined
  const place = { console: decodeURIComponent(console) }
  if (which === undefined) return place
  if (who === undefined) return { ...place, number: Number(which) }
  return { ...place, begun: { atMs: Date.parse(decodeURIComponent(which)), who: decodeURIComponent(who) } }
}

export function replayPage(app: App, place: ReplayPlace): Page {
  const { words, store } = app
  const note = h('p', { role: 'status' }, words.working)
  const stage = h('div', {})
  const list = h('div', { class: 'recordings' })
  const device = [...store.devices.values()].find(({ consoles }) => consoles.some(({ name }) => name === place.console))
  const title = `${words.recordings}: ${place.console}`
  const root = h(
    'main',
    { class: 'replay-page' },
    h('h1', {}, title),
    device !== undefined && h('p', {}, h('a', { href: deviceLink(device.name) }, device.name)),
    stage,
    note,
    list,
  )
  let leavePlayer = () => {}
  const choose = (number: number) => {
    leavePlayer()
    leavePlayer = playInto(stage, { console: place.console, number }, app)
  }
  const showList = async () => {
    const { code, stdout, said } = await askConsole({ command: 'recordings', console: place.console })
    const entries = code === 0 ? entriesIn(stdout) : undefined
    if (entries === undefined) {
      note.textContent = said || stdout.trim() || words.unknown
      note.className = 'problem'
      return
    }
    note.textContent = entries.length === 0 ? words.noRecordings : ''
    if (entries.length > 0) list.replaceChildren(tableOf(entries, place.console, app))
    const { begun } = place
    if (begun === undefined) return
    const found = entries.find(({ who, beganAt }) => who === begun.who && Math.abs(beganAt - begun.atMs) <= SAME_MS)
    if (found === undefined) note.textContent = words.noSuchRecording
    else choose(found.number)
  }
  if (place.number !== undefined) choose(place.number)
  void showList()
  return { title, root, leave: () => leavePlayer() }
}

/** Newest first. */
function tableOf(entries: readonly Entry[], console: string, { words }: App): HTMLElement {
  const row = ({ number, who, beganAt, end, kept }: Entry) =>
    h(
      'tr',
      {},
      h(
        'td',
        {},
        kept === 'none' ? words.nothingKept : h('a', { href: replayLink(console, String(number)) }, `▶ ${number}`),
      ),
      h('td', {}, who),
      h('td', { class: 'when' }, timeText(beganAt)),
      h('td', {}, end === null || end.how === 'restart' ? '–' : spanText(end.at - beganAt)),
      h('td', {}, `${end?.typedBytes ?? 0} B`),
      h('td', {}, words.ends[end?.how ?? 'goes on'] ?? '', kept === 'part' ? ` ${words.partKept}` : ''),
    )
  const heads = [words.play, words.person, words.began, words.lasted, words.typed, words.howEnded]
  return h(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': words.recordings },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map(head => h('th', { scope: 'col' }, head)),
        ),
      ),
      h('tbody', {}, [...entries].reverse().map(row)),
    ),
  )
}

/** @returns what ends it */
function playInto(stage: HTMLElement, asked: { console: string; number: number }, app: App): () => void {
  const { words } = app
  const progress = h('p', { role: 'status' }, words.working)
  stage.replaceChildren(progress)
  stage.setAttribute('aria-busy', 'true')
  const { cast, feed, end } = createCast()
  const socket = openSocket('/recording')
  let player: Player | undefined
  let bytes = 0
  let isEnded = false
  const grow = () => {
    if (player === undefined && cast.size !== undefined) {
      player = createPlayer(cast, app)
      stage.prepend(h('h2', {}, cast.title), player.root)
      player.play()
    }
    player?.grow()
  }
  const tell = (text: string, isProblem: boolean) => {
    progress.textContent = text
    progress.className = isProblem ? 'problem' : ''
  }
  socket.addEventListener('open', () => socket.send(JSON.stringify(asked)))
  socket.addEventListener('message', event => {
    if (typeof event.data !== 'string') {
      const piece = new Uint8Array(event.data as ArrayBuffer)
      bytes += piece.length
      feed(piece)
      grow()
      return tell(words.reading(bytes), false)
    }
    const { problem, isCut } = JSON.parse(event.data) as RecordingEnd
    isEnded = true
    stage.setAttribute('aria-busy', 'false')
    end()
    grow()
    if (isCut) tell(words.cut(RECORDING_MAX_BYTES / 1024 ** 2, asked.console, asked.number), true)
    else if (problem !== '') tell(problem, true)
    else tell(cast.strange > 0 ? words.strange(cast.strange) : '', cast.strange > 0)
  })
  socket.addEventListener('close', () => {
    if (!isEnded) tell(words.notWhole, true)
  })
  return () => {
    isEnded = true
    socket.close()
    player?.dispose()
    stage.replaceChildren()
  }
}

function entriesIn(text: string): Entry[] | undefined {
  try {
    const entries: unknown = JSON.parse(text)
    return Array.isArray(entries) ? entries.filter(isEntry) : undefined
  } catch {
    return undefined
  }
}

/** A device decides what it prints. */
function isEntry(value: unknown): value is Entry {
  const { number, who, beganAt, end } = (value ?? {}) as Partial<Entry>
  const isTime = typeof beganAt === 'number' && Math.abs(beganAt) < 8.64e15
  return Number.isInteger(number) && typeof who === 'string' && isTime && (end === null || typeof end?.at === 'number')
}
