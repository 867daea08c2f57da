/** Shows a running lab until it is to end: as one screen on a terminal, as lines of text anywhere else. */
import { execFileSync } from 'node:child_process'
import { Terminal } from '../relay-config/operator/top/terminal.ts'
import { systemClock } from '../runtime/clock.ts'
import { EXIT, UserError } from '../runtime/errors.ts'
import { controllerUnder, OVER } from '../runtime/waiting.ts'
import { BREAK_NAMES, BREAKS, describeBroken, describeMended, isBreakName, listBreaks } from './break-table.ts'
import { Breaks } from './breaks.ts'
import { serveControl, type Verb } from './control.ts'
import { DEVICE, DEVICES } from './lab-fleet.ts'
import { type Look, lookAt } from './look.ts'
import { type News, newsBetween } from './news.ts'
import { drawScreen, newsLine } from './screen.ts'
import type { Lab } from './start-lab.ts'
import { whatToType } from './what-to-type.ts'

/** Milliseconds between two looks at the lab. */
const LOOK_MS = 250
/** Milliseconds between two screens: the LED's shortest flash lasts 100 ms. */
const PACE_MS = 50
/** Milliseconds that a message stays. */
const MESSAGE_MS = 10_000
/** Lines that are kept: as many as a screen has. */
const NEWS_MAX = 200

type Key = Parameters<ConstructorParameters<typeof Terminal>[0]['onKey']>[0]

export interface WatchOptions {
  /** False for lines of text. */
  screen: boolean
  /** Starts the desk, or starts it anew. @returns what to tell */
  openDesk(): Promise<string>
  signal: AbortSignal
}

export async function watchLab(lab: Lab, options: WatchOptions): Promise<void> {
  const watch = new Watch(lab, options)
  const control = await serveControl(lab.root, (verb, args) => watch.serve(verb, args))
  try {
    await (options.screen ? watch.onScreen() : watch.asLines())
  } finally {
    control.close()
    await watch.breaks.mend()
  }
}

class Watch {
  readonly breaks: Breaks
  readonly #lab: Lab
  readonly #options: WatchOptions
  readonly #news: News[] = []
  #look: Look | undefined
  #chosen: string = DEVICE
  #message = { text: '', atMs: 0 }

  constructor(lab: Lab, options: WatchOptions) {
    this.#lab = lab
    this.#options = options
    this.breaks = new Breaks(lab)
  }

  async onScreen(): Promise<void> {
    const over = controllerUnder(this.#options.signal)
    const { signal } = over
    const settings = execFileSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' }).trim()
    let paint = () => {}
    const terminal = new Terminal({ onKey: key => this.#press(key, terminal), onResize: () => paint() })
    paint = () => {
      const { columns, lines: rows } = terminal
      terminal.paint(this.#draw(columns, rows))
    }
    const enter = () => terminal.enter(settings)
    process.on('SIGCONT', enter)
    const end = () => over.abort(OVER)
    process.stdin.once('end', end)
    const looking = this.#lookUntil(signal, () => {})
    try {
      enter()
      while (!signal.aborted) {
        paint()
        await systemClock.sleep(PACE_MS, signal)
      }
    } finally {
      process.off('SIGCONT', enter)
      process.stdin.off('end', end)
      terminal.leave()
      over.abort(OVER)
      over.release()
      await looking
    }
  }

  /** Whoever reads lines is told what to type as well, once it is of use. */
  async asLines(): Promise<void> {
    let hasTold = false
    await this.#lookUntil(this.#options.signal, news => {
      for (const { atMs, text } of news) print(newsLine(atMs, text))
      if (hasTold || !this.#look?.devices.every(({ state }) => state === 'ready' || state === 'in-use')) return
      hasTold = true
      print(this.#whatToType().join('\n'))
    })
  }

  async serve(verb: Verb, [name, device, more]: readonly string[]): Promise<string> {
    const known = DEVICES.map(({ name }) => name).join(', ')
    if (name === undefined && verb === 'break') return listBreaks(this.#lab.typed, this.breaks.broken).join('\n')
    if (more !== undefined || (name !== undefined && !isBreakName(name)))
      throw new UserError(listBreaks(this.#lab.typed, this.breaks.broken).join('\n'), EXIT.usage)
    if (device !== undefined && !DEVICES.some(({ name }) => name === device))
      throw new UserError(`no device "${device}"; there are: ${known}`, EXIT.usage)
    if (name === undefined || verb === 'mend')
      return this.#mend(
        broken => (name === undefined || broken.name === name) && (device ?? broken.device) === broken.device,
      )
    return this.#break(name, device)
  }

  async #break(name: (typeof BREAK_NAMES)[number], device?: string): Promise<string> {
    const broken = await this.breaks.break(name, device)
    const mends = BREAKS[name].mends === undefined ? '' : `; ${this.#lab.typed}/mend ${name} mends it`
    this.#tell(`you: ${describeBroken(broken)}`)
    return `${describeBroken(broken)}: ${BREAKS[name].seen}${mends}`
  }

  async #mend(is?: Parameters<Breaks['mend']>[0]): Promise<string> {
    const mended = await this.breaks.mend(is)
    for (const one of mended) this.#tell(`you: ${describeMended(one)}`)
    return mended.length === 0 ? 'nothing of that is broken' : mended.map(describeMended).join('\n')
  }

  async #lookUntil(signal: AbortSignal, onNews: (news: readonly News[]) => void): Promise<void> {
    while (!signal.aborted) {
      const before = this.#look
      this.#look = await lookAt(this.#lab, this.breaks, before)
      const news = newsBetween(before, this.#look)
      this.#news.push(...news)
      onNews(news)
      this.#news.splice(0, Math.max(0, this.#news.length - NEWS_MAX))
      await systemClock.sleep(LOOK_MS, signal)
    }
  }

  #tell(text: string): void {
    const atMs = Date.now()
    this.#news.push({ atMs, text })
    if (!this.#options.screen) print(newsLine(atMs, text))
  }

  #draw(columns: number, rows: number): string[] {
    if (this.#look === undefined) return []
    const nowMs = Date.now()
    const message = nowMs - this.#message.atMs > MESSAGE_MS ? '' : this.#message.text
    const { typed: folder, relay } = this.#lab
    const state = { folder, relayPort: relay.port, look: this.#look, news: this.#news, chosen: this.#chosen }
    return drawScreen({ ...state, message, columns, rows, nowMs })
  }

  #whatToType(): string[] {
    const typed = whatToType(this.#lab.typed, this.#lab.devices[0]?.equipment ?? '')
    const width = Math.max(...typed.map(({ command }) => command.length))
    return [
      '',
      'In another terminal, from any folder:',
      ...typed.map(({ command, does }) => `  ${command.padEnd(width)}  # ${does}`),
      '',
      'Break something there, and mend it:',
      ...BREAK_NAMES.map(name => {
        const { of, does, seen } = BREAKS[name]
        const command = `${this.#lab.typed}/break ${name}${of === 'device' ? ` ${DEVICE}` : ''}`
        return `  ${command.padEnd(width)}  # ${does}: ${seen}`
      }),
      `  ${`${this.#lab.typed}/mend`.padEnd(width)}  # mends all that is broken`,
      '',
    ]
  }

  #press(key: Key, terminal: Terminal): void {
    this.#message = { text: '', atMs: 0 }
    const say = (work: Promise<string>) => {
      void work
        .catch(err => (err instanceof UserError ? err.message : `it failed: ${err}`))
        .then(text => {
          this.#message = { text, atMs: Date.now() }
        })
    }
    const { name = '', sequence = '' } = key
    if (key.ctrl) {
      pressControl(name, terminal, () => this.#draw(terminal.columns, terminal.lines))
      return
    }
    const at = DEVICES.findIndex(({ name }) => name === this.#chosen)
    const choice = { up: at - 1, down: at + 1 }[name] ?? Number(sequence) - 1
    this.#chosen = DEVICES[choice]?.name ?? this.#chosen
    if (sequence === 'q') process.kill(process.pid, 'SIGINT')
    if (sequence === 'd') say(this.#options.openDesk())
    if (sequence === 'm') say(this.#mend().then(() => ''))
    const found = BREAK_NAMES.find(name => BREAKS[name].key === sequence)
    if (found === undefined) return
    const device = BREAKS[found].of === 'device' ? this.#chosen : undefined
    const broken = { name: found, device }
    if (this.breaks.has(broken)) say(this.#mend(one => one.name === found && one.device === device).then(() => ''))
    else say(this.#break(found, device).then(() => ''))
  }
}

function pressControl(name: string, terminal: Terminal, draw: () => string[]): void {
  if (name === 'c') process.kill(process.pid, 'SIGINT')
  if (name === 'l') terminal.redraw(draw())
  if (name !== 'z') return
  terminal.leave()
  process.kill(process.pid, 'SIGSTOP')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
