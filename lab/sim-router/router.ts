/** The simulated router: what comes in on its console line, and time, → its next state and what it prints. No effects. */
import { BOOT_MESSAGES, PRESS_RETURN } from './boot-messages.ts'
import { completions, resolve } from './command-table.ts'
import { BREAK_WINDOW_MS, commandsOf, leaveConfig } from './commands.ts'
import { helpText } from './describe.ts'
import { EMPTY_LINE, keystroke, type Request } from './line-editor.ts'
import { promptOf, type RouterState, restart, type Step } from './state.ts'

export type RouterEvent =
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'break'; on: boolean }
  /** Nothing but the passing of time. */
  | { kind: 'time' }

/** Breaks that `show break` remembers. */
const BREAKS_KEPT = 10

/** @param nowMs monotonic milliseconds, never less than before */
export function step(before: RouterState, event: RouterEvent, nowMs: number): Step {
  const { state, output } = goOnBooting(before, nowMs)
  const after = take(state, event, nowMs)
  return { state: after.state, output: output + after.output }
}

/** When the router next does something by itself; undefined when it waits for somebody. */
export function nextDueMs({ mode }: RouterState): number | undefined {
  return mode.name === 'booting' ? mode.dueMs : undefined
}

function take(state: RouterState, event: RouterEvent, nowMs: number): Step {
  switch (event.kind) {
    case 'time':
      return { state, output: '' }
    case 'break':
      return event.on ? { state: { ...state, breakSinceMs: nowMs }, output: '' } : endBreak(state, nowMs)
    case 'bytes':
      return [...event.bytes].reduce<Step>(
        (so, byte) => {
          const next = takeByte(so.state, byte, nowMs)
          return { state: next.state, output: so.output + next.output }
        },
        { state, output: '' },
      )
  }
}

function goOnBooting(state: RouterState, nowMs: number): Step {
  let output = ''
  let { mode } = state
  while (mode.name === 'booting' && mode.dueMs <= nowMs) {
    const messages = BOOT_MESSAGES[mode.how]
    output += messages[mode.shown]?.[1] ?? ''
    const next = messages[mode.shown + 1]
    if (next) {
      mode = { ...mode, shown: mode.shown + 1, dueMs: mode.dueMs + next[0] }
    } else {
      output += PRESS_RETURN
      mode = { name: 'waiting' }
    }
  }
  return { state: { ...state, mode }, output }
}

/** A break acts when it ends: only then is its length known. Outside the window it is noted and does nothing. */
function endBreak(state: RouterState, nowMs: number): Step {
  const { breakSinceMs, startedMs, mode } = state
  if (breakSinceMs === undefined) return { state, output: '' }
  const lengthMs = Math.round(nowMs - breakSinceMs)
  const acted = mode.name !== 'rommon' && breakSinceMs - startedMs < BREAK_WINDOW_MS
  const breaks = [...state.breaks, { upMs: nowMs - startedMs, lengthMs, acted }].slice(-BREAKS_KEPT)
  const noted: RouterState = { ...state, breakSinceMs: undefined, breaks }
  const line = `\r\n%CONSOLE: break of ${lengthMs} ms\r\n`
  if (!acted) return { state: noted, output: `${line}${redisplay(noted)}` }
  const rommon: RouterState = { ...noted, mode: { name: 'rommon', promptNumber: 1 }, line: EMPTY_LINE }
  return { state: rommon, output: `${line}Start interrupted by break on the console\r\n${promptOf(rommon)}` }
}

function takeByte(state: RouterState, byte: number, nowMs: number): Step {
  const { mode } = state
  // Nobody reads the line while the image loads.
  if (mode.name === 'booting') return { state, output: '' }
  const { line, echo, request } = keystroke(state.line, byte)
  if (mode.name === 'confirm-reload') return confirmReload(state, byte, nowMs)
  if (mode.name === 'waiting') return begin({ ...state, line: { ...line, text: '' } }, request)
  const edited: RouterState = { ...state, line }
  return request ? answer(edited, request, nowMs) : { state: edited, output: echo }
}

function begin(state: RouterState, request: Request | undefined): Step {
  if (request !== 'enter') return { state, output: '' }
  const user: RouterState = { ...state, mode: { name: 'user' } }
  return { state: user, output: `\r\n${promptOf(user)}` }
}

/** Enter or `y` confirms, any other key does not. */
function confirmReload(state: RouterState, byte: number, nowMs: number): Step {
  if (byte === 0x0a && state.line.after === 'return') return { state: { ...state, line: EMPTY_LINE }, output: '' }
  if ([0x0d, 0x0a, 0x79, 0x59].includes(byte)) return { state: restart(state, 'cold', nowMs), output: '\r\n' }
  const back: RouterState = { ...state, mode: { name: 'privileged' } }
  return { state: back, output: `\r\n${promptOf(back)}` }
}

function answer(state: RouterState, request: Request, nowMs: number): Step {
  const { mode, line } = state
  switch (request) {
    case 'enter':
      return withPrompt(run(state, nowMs), '\r\n')
    case 'help':
      return { state, output: `?\r\n${listCompletions(state)}\r\n${redisplay(state)}` }
    case 'complete':
      return complete(state)
    case 'interrupt':
      return withPrompt({ state: cleared(state), output: '' }, '^C\r\n')
    case 'end':
      if (mode.name !== 'config' && mode.name !== 'interface') return { state: { ...state, line }, output: '' }
      return withPrompt(leaveConfig(cleared(state)), '^Z\r\n')
  }
}

function run(typed: RouterState, nowMs: number): Step {
  const { mode } = typed
  const { text } = typed.line
  const state: RouterState = {
    ...cleared(typed),
    mode: mode.name === 'rommon' ? { name: 'rommon', promptNumber: mode.promptNumber + 1 } : mode,
  }
  const meant = resolve(commandsOf(mode), text)
  switch (meant.kind) {
    case 'empty':
      return { state, output: '' }
    case 'found':
      return meant.action(state, meant.argument, nowMs)
    case 'ambiguous':
      return { state, output: `% Ambiguous command: "${text.trim()}"\r\n` }
    case 'incomplete':
      return { state, output: '% Incomplete command: end it with ? to see what may follow.\r\n' }
    case 'invalid':
      if (mode.name === 'rommon') return { state, output: `${text.trim()}: no such command; try help\r\n` }
      return {
        state,
        output: `${' '.repeat(promptOf(typed).length + meant.at)}^\r\n% Invalid input detected at '^' marker.\r\n`,
      }
  }
}

function complete(state: RouterState): Step {
  const { text, after } = state.line
  const partial = /\S*$/.exec(text)?.[0] ?? ''
  const [[word] = [], ...others] = partial === '' ? [] : completions(commandsOf(state.mode), text)
  if (word === undefined || others.length > 0) return { state, output: '\x07' }
  const rest = `${word.slice(partial.length)} `
  return { state: { ...state, line: { text: text + rest, after } }, output: rest }
}

function listCompletions(state: RouterState): string {
  const found = completions(commandsOf(state.mode), state.line.text)
  if (found.length === 0) return '% Nothing fits here.'
  return helpText(found.map(([words, does]) => ({ words, does })))
}

/** The line is empty again, but a line feed that follows the return still belongs to it. */
function cleared(state: RouterState): RouterState {
  return { ...state, line: { text: '', after: state.line.after } }
}

function redisplay(state: RouterState): string {
  return promptOf(state) + state.line.text
}

function withPrompt({ state, output }: Step, before: string): Step {
  return { state, output: before + output + promptOf(state) }
}
