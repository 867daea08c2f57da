/** `oobm-relay top` on a terminal: what relays say, keys, and consoles that open and give the list back. */
import { execFileSync } from 'node:child_process'
import { paintFor } from '../../../cli/paint.ts'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { controllerUnder, OVER } from '../../../runtime/waiting.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { drawTop, isSilent, pageOf, type TopScreen } from './draw-top.ts'
import { fleetRows, type Row } from './fleet-rows.ts'
import type { Follower } from './follow-relay.ts'
import { viewsOf } from './known-views.ts'
import { Terminal } from './terminal.ts'
import { FIRST_STATE, type Key, press, settle, type TopAction, type TopState } from './top-state.ts'

export interface TopOptions {
  fleet: Fleet
  followers: readonly Follower[]
  /** Opens the console or the shell in the terminal, which is its own meanwhile. @returns its exit code */
  open(row: Row, signal: AbortSignal): Promise<number>
  signal: AbortSignal
}

/** Milliseconds between two screens when nothing happens: ages move. */
const TICK_MS = 1_000
/** Milliseconds between two screens when much happens. */
const PACE_MS = 100
/** Milliseconds that a message stays. */
const MESSAGE_MS = 10_000

export async function runTop(options: TopOptions): Promise<number> {
  return new Top(options).run()
}

class Top {
  readonly #options: TopOptions
  readonly #terminal: Terminal
  readonly #over: AbortController & { release(): void }
  /** Of the followers that run. */
  #follow: AbortController & { release(): void }
  #following: Promise<unknown> = Promise.resolve()
  #state: TopState = FIRST_STATE
  #rows: readonly Row[] = []
  #message = { text: '', atMs: 0 }
  /** While something else has the terminal. */
  #isAway = true
  #painting: NodeJS.Timeout | undefined
  #settings = ''

  constructor(options: TopOptions) {
    this.#options = options
    this.#over = controllerUnder(options.signal)
    this.#follow = controllerUnder(this.#over.signal)
    this.#terminal = new Terminal({ onKey: key => this.#press(key), onResize: () => this.#paint() })
  }

  async run(): Promise<number> {
    const { followers } = this.#options
    for (const follower of followers) follower.onChange = () => this.#changed()
    this.#settings = execFileSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' }).trim()
    try {
      await this.#login(followers)
      if (this.#over.signal.aborted) return EXIT.failed
      const reasons = followers.flatMap(({ name, views, problem }) =>
        views.size > 0 || problem === undefined ? [] : `relay ${name}: ${problem}`,
      )
      if (reasons.length === followers.length) throw new UserError(reasons.join('\n'), EXIT.unavailable)
      await this.#watch()
      return this.#options.signal.aborted ? EXIT.failed : EXIT.ok
    } finally {
      clearTimeout(this.#painting)
      this.#terminal.leave()
      this.#over.abort(OVER)
      await this.#following
      this.#over.release()
    }
  }

  #changed(): void {
    if (this.#isAway) return
    this.#painting ??= setTimeout(() => this.#paint(), PACE_MS)
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over
    this.#return()
    const suspended = () => this.#suspend()
    const resumed = () => this.#return()
    const gone = () => this.#over.abort(OVER)
    process.on('SIGTSTP', suspended)
    process.on('SIGCONT', resumed)
    process.stdin.on('end', gone)
    try {
      while (!signal.aborted) {
        if (!this.#isAway) this.#paint()
        await systemClock.sleep(TICK_MS, signal)
      }
    } finally {
      process.removeListener('SIGTSTP', suspended)
      process.removeListener('SIGCONT', resumed)
      process.stdin.removeListener('end', gone)
    }
  }

  /** Logs in at these relays, one after the other: ssh may have something to ask. The others are followed on. */
  async #login(followers: readonly Follower[]): Promise<void> {
    this.#follow.abort(OVER)
    await this.#following
    this.#follow.release()
    this.#follow = controllerUnder(this.#over.signal)
    const running: Promise<void>[] = []
    for (const follower of this.#options.followers) {
      const mayAsk = followers.includes(follower)
      if (mayAsk) process.stderr.write(`[oobm: asking relay ${follower.name}; Ctrl-C ends]\n`)
      await new Promise<void>(resolve => {
        running.push(follower.run(mayAsk, this.#follow.signal, resolve))
        if (!mayAsk) resolve()
      })
    }
    this.#following = Promise.all(running)
  }

  #screen(): TopScreen {
    const { followers, fleet } = this.#options
    const nowMs = Date.now()
    const { views, isOld } = viewsOf(followers, nowMs)
    const { columns, lines } = this.#terminal
    const relays = followers.map(({ name, heardAtMs, problem }) => ({ name, heardAtMs, problem }))
    const rows = fleetRows(fleet, views, { ...this.#state, isOld })
    this.#state = settle(this.#state, rows, this.#rows, pageOf({ lines, relays, nowMs }))
    this.#rows = rows
    const message = nowMs - this.#message.atMs > MESSAGE_MS ? '' : this.#message.text
    return {
      ...{ state: this.#state, rows, views, relays, message, nowMs, columns, lines },
      paint: paintFor(process.stdout),
    }
  }

  #paint(): void {
    clearTimeout(this.#painting)
    this.#painting = undefined
    this.#terminal.paint(drawTop(this.#screen()))
  }

  #press(key: Key): void {
    this.#message = { text: '', atMs: 0 }
    const page = pageOf({ lines: this.#terminal.lines, relays: this.#options.followers, nowMs: Date.now() })
    const { state, action } = press(this.#state, key, this.#rows, page)
    this.#state = state
    if (action !== undefined) this.#act(action)
    if (!this.#isAway) this.#paint()
  }

  #act(action: TopAction): void {
    switch (action) {
      case 'quit':
        this.#over.abort(OVER)
        return
      case 'redraw':
        this.#terminal.redraw(drawTop(this.#screen()))
        return
      case 'suspend':
        process.kill(process.pid, 'SIGTSTP')
        return
      case 'open': {
        const row = this.#rows.find(({ id }) => id === this.#state.selected)
        if (row !== undefined) void this.#away(signal => this.#open(row, signal))
        return
      }
      case 'login': {
        const silent = this.#options.followers.filter(({ heardAtMs }) => isSilent(heardAtMs, Date.now()))
        if (silent.length > 0) void this.#away(() => this.#login(silent))
        else this.#message = { text: 'all relays answer', atMs: Date.now() }
        return
      }
      default:
        action satisfies never
    }
  }

  async #open(row: Row, signal: AbortSignal): Promise<void> {
    const name = row.console ?? row.device
    process.stderr.write(
      `[oobm: connecting to ${name}; ${row.console === undefined ? 'exit' : 'the escape key and d, or ~.'} comes back to the list]\n`,
    )
    const code = await this.#options.open(row, signal)
    // What was said stays on the screen until it is read.
    if (code !== EXIT.ok && !signal.aborted)
      await waitForKey(`[oobm: ${name} ended with code ${code}; press a key for the list]`, signal)
  }

  /** Gives the terminal to something else. Ctrl-C ends that, and not this program. */
  async #away(use: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#leave()
    const own = controllerUnder(this.#over.signal)
    const others = process.listeners('SIGINT')
    const interrupt = () => own.abort(OVER)
    process.removeAllListeners('SIGINT')
    process.on('SIGINT', interrupt)
    try {
      await use(own.signal)
    } catch (err) {
      if (!(err instanceof UserError)) throw err
      this.#message = { text: err.message, atMs: Date.now() }
    } finally {
      process.removeListener('SIGINT', interrupt)
      for (const listener of others) process.on('SIGINT', listener)
      own.release()
      if (!this.#over.signal.aborted) this.#return()
    }
  }

  #suspend(): void {
    if (!this.#isAway) this.#leave()
    process.kill(process.pid, 'SIGSTOP')
  }

  #leave(): void {
    this.#isAway = true
    this.#terminal.leave()
  }

  #return(): void {
    this.#isAway = false
    this.#terminal.enter(this.#settings)
    this.#paint()
  }
}

/** Any key; the terminal is as ssh left it. */
async function waitForKey(text: string, signal: AbortSignal): Promise<void> {
  process.stderr.write(`${text}\r\n`)
  const { stdin } = process
  stdin.setRawMode(true)
  stdin.resume()
  await new Promise<void>(resolve => {
    const done = () => {
      stdin.removeListener('data', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    stdin.on('data', done)
    signal.addEventListener('abort', done)
  })
  stdin.pause()
  stdin.setRawMode(false)
}
