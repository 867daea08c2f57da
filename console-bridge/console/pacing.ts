/** How a paste is paced: the settings of a console, and the words for them. */

import { DEFAULT_PASTE_PROMPT } from '../../formats/console-settings.ts'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { linearPattern } from '../../runtime/linear-pattern.ts'

/** Terms as SecureCRT and Tera Term have them. */
export interface Pacing {
  /** Milliseconds between two characters, beyond their own time on the wire. */
  characterMs: number
  /** Milliseconds after a line, beyond its own time on the wire. */
  lineMs: number
  /** What the target must show before the next line is sent. */
  waitFor: 'none' | 'prompt' | 'echo'
  /** Whether the unfinished line that the target stopped at is a prompt. */
  isPrompt(line: string): boolean
  /** Milliseconds that the target has for that. */
  timeoutMs: number
}

export function pacingOf(config: ConsoleConfig): Pacing {
  return {
    characterMs: config.pasteCharacterDelayMs,
    lineMs: config.pasteLineDelayMs,
    waitFor: config.pasteWaitFor,
    isPrompt: promptOf(config.pastePrompt),
    timeoutMs: config.pasteTimeoutS * 1_000,
  }
}

/** The engine for expressions of people takes a megabyte: not for the one that nobody wrote. */
function promptOf(expression: string): (line: string) => boolean {
  if (expression === DEFAULT_PASTE_PROMPT) {
    const pattern = new RegExp(expression)
    return line => pattern.test(line)
  }
  const pattern = linearPattern(expression)
  // The schema has refused what cannot be compiled.
  if ('problem' in pattern) throw new Error(`paste_prompt: ${pattern.problem}`)
  return line => pattern.matches(line)
}

/** Whether it changes anything: otherwise a paste goes out as fast as the line takes it. */
export function isPaced({ characterMs, lineMs, waitFor }: Pacing): boolean {
  return characterMs > 0 || lineMs > 0 || waitFor !== 'none'
}

/** `character delay 5 ms, wait for echo`; `none` */
export function describePacing(pacing: Pacing): string {
  const { characterMs, lineMs, waitFor } = pacing
  if (!isPaced(pacing)) return 'none'
  const parts = [
    characterMs > 0 && `character delay ${characterMs} ms`,
    lineMs > 0 && `line delay ${lineMs} ms`,
    waitFor !== 'none' && `wait for ${waitFor}`,
  ]
  return parts.filter(part => part !== false).join(', ')
}

/** What one chooses from by a key, after the setting of the console itself. */
const CHOICES: readonly Pick<Pacing, 'characterMs' | 'lineMs' | 'waitFor'>[] = [
  { characterMs: 0, lineMs: 0, waitFor: 'echo' },
  { characterMs: 0, lineMs: 0, waitFor: 'prompt' },
  { characterMs: 5, lineMs: 200, waitFor: 'none' },
  { characterMs: 20, lineMs: 1_000, waitFor: 'none' },
  { characterMs: 0, lineMs: 0, waitFor: 'none' },
]

/** The next choice after `current`; the console's own setting, `configured`, is one of them. */
export function pacingAfter(current: Pacing, configured: Pacing): Pacing {
  const choices = [configured, ...CHOICES.map(choice => ({ ...configured, ...choice }))]
  const isNew = (choice: Pacing, at: number) => at === 0 || describePacing(choice) !== describePacing(configured)
  const offered = choices.filter(isNew)
  const at = offered.findIndex(choice => describePacing(choice) === describePacing(current))
  return offered[(at + 1) % offered.length] ?? configured
}
