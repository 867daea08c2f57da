/** Plays a recorded session on a terminal that nobody types at: a slider leads to each moment of it. */
import { type Cast, countAt, type Size, sizeOf } from '../recordings/cast.ts'
import { createJoinBound } from '../terminal/bound-joins.ts'
import { timeText } from './ages.ts'
import type { App } from './app.ts'
import { askForLink } from './dialogs.ts'
import { h } from './dom.ts'
import { createGuardedTerminal, writeInPieces } from './guarded-terminal.ts'

export interface Player {
  root: HTMLElement
  /** More of the recording has come. */
  grow(): void
  play(): void
  dispose(): void
}

const SPEEDS = [0.5, 1, 2, 4, 16]
/** Characters that the terminal gets at once: it draws between two of them. */
const CHUNK_CHARS = 65_536
/** Marks that are listed: a session with more has something else to look at. */
const MARKS_MAX = 200
/** Pixels of a character, and how small one may become on a narrow screen. */
const [FONT_PX, FONT_MIN_PX] = [14, 5]
/** Of a font's size: the width of a character, and the height of a line, in the usual fonts of terminals. */
const [FONT_ASPECT, LINE_ASPECT] = [0.61, 1.2]
/** Of the window's height. */
const SCREEN_PART = 0.7

export function createPlayer(cast: Cast, app: App): Player {
  const { words } = app
  const size = cast.size ?? { cols: 80, rows: 24 }
  const term = createGuardedTerminal({ ...size, scrollback: 1_000, disableStdin: true, fontSize: FONT_PX }, address =>
    askForLink(address, app, () => {}),
  )
  let bound = createJoinBound()
  const screen = h('div', { class: 'screen replay', tabindex: 0, 'aria-label': words.replay, role: 'group' })
  const slider = h('input', { type: 'range', min: 0, max: 0, step: 100, value: 0, 'aria-label': words.position })
  const button = h('button', { class: 'main' }, words.play)
  const moment = h('span', { class: 'when' })
  const marks = h('ol', { class: 'marks' })
  const speed = h(
    'select',
    {},
    SPEEDS.map(value => h('option', { value, selected: value === 1 }, `${value}×`)),
  )
  /** Events that the terminal has, and the moment that it is to show. */
  let shown = 0
  let atMs = 0
  let fromMs = 0
  let frame: number | undefined
  let isWriting = false
  let listed = 0
  let isOver = false
  const endMs = () => cast.events.at(-1)?.atMs ?? 0
  const isPlaying = () => frame !== undefined

  const show = () => {
    slider.value = String(atMs)
    const wanted = countAt(cast.events, atMs)
    const realMs = cast.events[Math.max(0, wanted - 1)]?.realMs ?? 0
    const time = `${spanText(realMs)} · ${timeText(cast.beganAtMs + realMs)}`
    moment.textContent = time
    slider.setAttribute('aria-valuetext', time)
    void write()
  }
  /** Brings the terminal to the moment: forwards by what is missing, backwards from the beginning. */
  const write = async () => {
    if (isWriting) return
    isWriting = true
    // A terminal that is drawn between two parts is never far behind; who moves the slider meanwhile gets the last moment.
    while (!isOver) {
      const wanted = countAt(cast.events, atMs)
      if (wanted === shown) break
      if (wanted < shown) {
        shown = 0
        // What has begun, as a sequence of the terminal, does not go on.
        term.reset()
        bound = createJoinBound()
        resize(size)
      }
      let text = ''
      let next: Size | undefined
      while (shown < wanted && text.length < CHUNK_CHARS) {
        const event = cast.events[shown]
        // What came before was for the earlier size.
        if (event?.kind === 'r' && text !== '') break
        if (event?.kind === 'r') next = sizeOf(event.text) ?? next
        else if (event?.kind === 'o') text += event.text
        shown++
      }
      if (next !== undefined) resize(next)
      await new Promise<void>(resolve => writeInPieces(term, bound(text), resolve))
    }
    isWriting = false
  }
  const resize = ({ cols, rows }: Size) => {
    if (term.cols !== cols || term.rows !== rows) term.resize(cols, rows)
    fit()
  }
  const fit = () => {
    const width = screen.clientWidth - 24
    if (width <= 0) return
    // The last line is what one looks at: all of the screen is there at once.
    const height = window.innerHeight * SCREEN_PART
    const px = Math.min(FONT_PX, width / (term.cols * FONT_ASPECT), height / (term.rows * LINE_ASPECT))
    term.options.fontSize = Math.max(FONT_MIN_PX, Math.floor(px))
  }
  const pause = () => {
    if (frame !== undefined) cancelAnimationFrame(frame)
    frame = undefined
    button.textContent = words.play
  }
  const step = (now: number) => {
    atMs = Math.min(endMs(), atMs + (now - fromMs) * Number(speed.value))
    fromMs = now
    show()
    if (atMs >= endMs()) return pause()
    frame = requestAnimationFrame(step)
  }
  const play = () => {
    if (isPlaying() || isOver) return
    if (atMs >= endMs()) atMs = 0
    button.textContent = words.pause
    fromMs = performance.now()
    frame = requestAnimationFrame(step)
  }
  const goTo = (ms: number) => {
    atMs = ms
    show()
  }
  button.addEventListener('click', () => (isPlaying() ? pause() : play()))
  slider.addEventListener('input', () => goTo(Number(slider.value)))
  const grow = () => {
    slider.max = String(endMs())
    for (const event of cast.events.slice(listed)) {
      if (event.kind !== 'm' || marks.childElementCount >= MARKS_MAX) continue
      const label = `${spanText(event.realMs)} ${event.text}`
      marks.append(h('li', {}, h('button', { onclick: () => goTo(event.atMs) }, label)))
    }
    listed = cast.events.length
  }
  const watcher = new ResizeObserver(fit)
  watcher.observe(screen)
  requestAnimationFrame(() => {
    if (isOver) return
    term.open(screen)
    fit()
    show()
  })
  grow()
  const controls = h('div', { class: 'controls' }, button, slider, moment, h('label', {}, `${words.speed} `, speed))
  return {
    root: h('section', { class: 'player', 'aria-label': words.replay }, screen, controls, marks),
    ...{ grow, play },
    dispose: () => {
      isOver = true
      pause()
      watcher.disconnect()
      term.dispose()
    },
  }
}

/** `1:02:03` */
export function spanText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}
