/** The simulated router's commands, mode by mode: few, and each does what it says. */
import { PRESS_RETURN } from './boot-messages.ts'
import type { Command } from './command-table.ts'
import { clockText, describeBreaks, describeConfig, describeVersion, helpText } from './describe.ts'
import { type Mode, type RouterConfig, type RouterState, restart, type Step } from './state.ts'

/** What a command does with the router. Its output gets a prompt after it, where the new mode has one. */
export type Action = (state: RouterState, argument: string, nowMs: number) => Step

/** How long after its start the router still listens for a break: as long as such equipment does. */
export const BREAK_WINDOW_MS = 60_000

const COMMON: readonly Command<Action>[] = [
  {
    words: 'exit',
    does: 'leave this session',
    action: state => ({ state: inMode(state, { name: 'waiting' }), output: PRESS_RETURN }),
  },
  {
    words: 'show break',
    does: 'the breaks that the console line saw',
    action: state => say(state, describeBreaks(state)),
  },
  { words: 'show clock', does: 'the time', action: (state, _, nowMs) => say(state, `*${clockText(state, nowMs)}`) },
  {
    words: 'show version',
    does: 'software, up time, register',
    action: (state, _, nowMs) => say(state, describeVersion(state, nowMs)),
  },
]

const CONFIG_COMMON: readonly Command<Action>[] = [
  { words: 'end', does: 'leave configuration', action: leaveConfig },
  { words: 'interface', argument: 'NAME', does: 'configure an interface (gi0/0 to gi0/2)', action: chooseInterface },
  { words: 'hostname', argument: 'NAME', does: 'set the name in the prompt', action: setHostname },
]

const COMMANDS: { readonly [name in Mode['name']]?: readonly Command<Action>[] } = {
  rommon: [
    {
      words: 'boot',
      does: 'load the image',
      action: (state, _, nowMs) => ({ state: restart(state, 'warm', nowMs), output: '' }),
    },
    {
      words: 'confreg',
      does: 'show the configuration register',
      action: state => say(state, 'Configuration register: 0x2102 (load the image; no break once it runs)'),
    },
    { words: 'help', does: 'this list', action: state => say(state, helpText(commandsOf(state.mode))) },
    {
      words: 'reset',
      does: 'start from the self-test',
      action: (state, _, nowMs) => ({ state: restart(state, 'cold', nowMs), output: '' }),
    },
  ],
  user: [
    {
      words: 'enable',
      does: 'all commands',
      action: state => ({ state: inMode(state, { name: 'privileged' }), output: '' }),
    },
    ...COMMON,
  ],
  privileged: [
    {
      words: 'configure terminal',
      does: 'change the configuration',
      action: state => say(inMode(state, { name: 'config' }), 'One command a line; Ctrl-Z ends.'),
    },
    {
      words: 'disable',
      does: 'fewer commands',
      action: state => ({ state: inMode(state, { name: 'user' }), output: '' }),
    },
    { words: 'enable', does: 'all commands', action: state => ({ state, output: '' }) },
    {
      words: 'reload',
      does: 'restart',
      action: state => ({ state: inMode(state, { name: 'confirm-reload' }), output: 'Proceed with reload? [confirm]' }),
    },
    {
      words: 'show running-config',
      does: 'the configuration in force',
      action: state => say(state, describeConfig(state.running)),
    },
    {
      words: 'show startup-config',
      does: 'the configuration after a reload',
      action: state => say(state, describeConfig(state.startup)),
    },
    {
      words: 'write memory',
      does: 'keep the configuration across a reload',
      action: state => say({ ...state, startup: state.running }, '[OK]'),
    },
    ...COMMON,
  ],
  config: [{ words: 'exit', does: 'leave configuration', action: leaveConfig }, ...CONFIG_COMMON],
  interface: [
    {
      words: 'description',
      argument: 'TEXT',
      does: 'what it is for',
      action: (state, text) => setInterface(state, { description: text }),
    },
    {
      words: 'exit',
      does: 'back to the configuration',
      action: state => ({ state: inMode(state, { name: 'config' }), output: '' }),
    },
    { words: 'no shutdown', does: 'switch it on', action: state => setInterface(state, { shutdown: false }) },
    { words: 'shutdown', does: 'switch it off', action: state => setInterface(state, { shutdown: true }) },
    ...CONFIG_COMMON,
  ],
}

/** The commands of a mode; none where it takes no lines. */
export function commandsOf(mode: Mode): readonly Command<Action>[] {
  return COMMANDS[mode.name] ?? []
}

/** Ctrl-Z, `end` and `exit`: out of configuration, which the log notes. */
export function leaveConfig(state: RouterState): Step {
  return say(inMode(state, { name: 'privileged' }), '%SYS-5-CONFIG_I: Configured from console by console')
}

function inMode(state: RouterState, mode: Mode): RouterState {
  return { ...state, mode }
}

function say(state: RouterState, text: string): Step {
  return { state, output: `${text}\r\n` }
}

function setHostname(state: RouterState, name: string): Step {
  if (!/^[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name)) {
    return say(state, '% A host name has letters, digits and hyphens, and begins with a letter.')
  }
  return { state: { ...state, running: { ...state.running, hostname: name } }, output: '' }
}

function chooseInterface(state: RouterState, typed: string): Step {
  const wanted = /^([a-z]+)\s*([0-9/]+)$/.exec(typed.toLowerCase())
  const name = Object.keys(state.running.interfaces).find(
    known => wanted && known.toLowerCase().startsWith(wanted[1] ?? ' ') && known.endsWith(`t${wanted[2]}`),
  )
  if (!name) return say(state, `% No such interface: ${typed}`)
  return { state: inMode(state, { name: 'interface', interface: name }), output: '' }
}

function setInterface(state: RouterState, change: Partial<RouterConfig['interfaces'][string]>): Step {
  const { mode, running } = state
  const before = mode.name === 'interface' ? running.interfaces[mode.interface] : undefined
  if (mode.name !== 'interface' || !before) return { state, output: '' }
  const after = { ...before, ...change }
  const interfaces = { ...running.interfaces, [mode.interface]: after }
  const link = after.shutdown ? 'administratively down' : 'up'
  const output =
    after.shutdown === before.shutdown
      ? ''
      : `%LINK-3-UPDOWN: Interface ${mode.interface}, changed state to ${link}\r\n`
  return { state: { ...state, running: { ...running, interfaces } }, output }
}
