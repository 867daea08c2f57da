/** The edges of a button at a pin: gpiomon (libgpiod 2) waits for them at the character device, and the kernel debounces them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type ButtonConfig, DEBOUNCE_MS } from '../../formats/button.ts'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { headerChip } from '../../runtime/gpio-header.ts'
import { gpiodProblem } from '../../runtime/gpiod.ts'
import { OVER, whenAborted } from '../../runtime/waiting.ts'
import type { Edge } from './press.ts'

/** Milliseconds before it is tried again. */
const RETRY_MS = 30_000
/** By which `gpioinfo` says whose line it is. */
const CONSUMER = 'oobm-button'

/** Arguments of gpiomon(1): a line for each edge, such as `1 12.345678901`, with the seconds since the start of the board. */
export function gpiomonArguments({ pin, activeLow }: ButtonConfig, chip: string): string[] {
  return [
    ...['--banner', '--chip', chip, '--consumer', CONSUMER, '--edges', 'both', '--event-clock', 'monotonic'],
    ...['--bias', activeLow ? 'pull-up' : 'pull-down', ...(activeLow ? ['--active-low'] : [])],
    ...['--debounce-period', `${DEBOUNCE_MS}ms`, '--format', '%e %S', String(pin)],
  ]
}

/** @returns undefined for any other line */
export function readEdge(line: string): Edge | undefined {
  const [, type, seconds] = /^([12]) (\d+\.\d{9})$/.exec(line) ?? []
  return type === undefined ? undefined : { isDown: type === '1', atMs: Number(seconds) * 1000 }
}

export interface ButtonWatch {
  /** It is watched from now on; the button is taken for up. */
  watched(where: string): void
  edge(edge: Edge): void
  /** It is not watched, and is tried again; said once for each cause. */
  failed(cause: string): void
}

/** Watches until the signal is aborted; whatever is missing may come later. */
export async function watchButton(
  config: ButtonConfig,
  { watched, edge, failed }: ButtonWatch,
  { clock, signal, find }: { clock: Clock; signal: AbortSignal; find: typeof headerChip },
): Promise<void> {
  let told: string | undefined
  while (!signal.aborted) {
    const cause = await watchOnce(
      config,
      where => {
        told = undefined
        watched(where)
      },
      edge,
      find,
      signal,
    ).catch(errorMessage)
    if (signal.aborted) return
    if (cause !== told) failed(cause)
    told = cause
    await clock.sleep(RETRY_MS, signal)
  }
}

/** @returns why it ended */
async function watchOnce(
  config: ButtonConfig,
  watched: (where: string) => void,
  edge: (edge: Edge) => void,
  find: typeof headerChip,
  signal: AbortSignal,
): Promise<string> {
  const problem = await gpiodProblem()
  if (problem !== undefined) return problem
  const found = find()
  if ('problem' in found) return found.problem
  const child = spawn('gpiomon', gpiomonArguments(config, found.chip), { stdio: ['ignore', 'pipe', 'pipe'] })
  child.on('error', () => {})
  const ended = new AbortController()
  void whenAborted(signal, ended.signal).then(() => child.kill())
  try {
    let said = ''
    child.stderr.on('data', data => {
      said = `${said}${data}`.slice(-300)
    })
    createInterface({ input: child.stdout }).on('line', line => {
      const found = readEdge(line)
      if (found !== undefined) edge(found)
      else if (/^Monitoring line/.test(line)) watched(`GPIO${config.pin}`)
    })
    const [code] = await once(child, 'exit')
    return said.trim() || `gpiomon ended with exit code ${code}`
  } finally {
    ended.abort(OVER)
  }
}
