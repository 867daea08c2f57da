/**
 * The commands of `ssh core-sw1 COMMAND` and `oobm console COMMAND`: the one table. formats/parse-exec.ts reads a line by
 * it; the effects are in console-bridge/commands/.
 */

/** Milliseconds that a BREAK lasts, whatever was asked for. */
export const BREAK_MS = {
  /** What common terminal programs send, and every boot monitor recognises. */
  default: 300,
  /** A shorter one may pass unseen: at 300 baud, one character alone lasts 33 ms. */
  min: 100,
  /** A longer one tells no equipment more, and holds the line. RFC 4335 section 3 leaves the bound to the server. */
  max: 3_000,
}

/** Seconds after power-on in which a Cisco router takes a BREAK (docs/password-recovery.md). */
export const BREAK_WINDOW_S = 60

/** What equipment takes for a BREAK, by name; docs/console.md says when. */
export const BREAK_SEQUENCES = {
  cisco: { isBreak: true, after: '', help: 'BREAK, while it starts: ROMMON' },
  juniper: { isBreak: true, after: '', help: 'BREAK' },
  sun: { isBreak: false, after: '#.', help: '#. for the system controller (ALOM, ILOM)' },
  'sun-alternate': { isBreak: false, after: '\r~\x02', help: 'Enter ~ Ctrl-B, where kbd(1) has "alternate"' },
} as const

export type BreakSequenceName = keyof typeof BREAK_SEQUENCES

interface ExecValue {
  /** The only values; without it, any printable text. */
  takes?: RegExp
  /** What they look like, for a message: `a number of milliseconds`. */
  like?: string
  help: string
}

export interface ExecArgument extends ExecValue {
  /** What help calls it: `MS`. */
  value: string
  isOptional?: boolean
  /** The last one may be given several times; the command gets all of them, joined by spaces. */
  isRepeated?: true
}

export interface ExecOption extends ExecValue {
  /** What help calls its value: `AGE`. Without it, the option is a switch. */
  value?: string
}

export interface ExecCommandEntry {
  arguments?: readonly ExecArgument[]
  /** By name, without the `--`. */
  options?: Readonly<Record<string, ExecOption>>
  /** What help calls all that follows `--`: one text, taken as it is. Without it, the command takes none. */
  rest?: { value: string; help: string }
  /** It reads standard input. */
  input?: true
  /** One line of help. */
  help: string
  /** It acts on the console of the login name; otherwise on all consoles of the person. */
  onConsole: boolean
  /**
   * `any`: also who logged in at the relay (way 2), for the one console of that login. `own-key`: a technician's own key
   * or account. `device`: root and the supervisor; for everybody else the command does not exist.
   */
  access: 'any' | 'own-key' | 'device'
}

/** An age or a time in UTC, with or without a `Z`. */
export const SINCE = /^(\d{1,6}[smhd]|\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?Z?)$/

const NAME = { takes: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, like: 'a name' }

const LINES = {
  value: 'N',
  takes: /^\d{1,4}$/,
  like: 'a number up to 9999',
  help: 'begin with the last N lines of output; 24 when left out',
} as const
/** The words of `set`; console-bridge/line/changes.ts reads them. */
export const SETTING_WORDS = [
  ...['speed', 'bits', 'parity', 'stop', 'flow', 'dtr', 'rts'],
  ...['none', 'even', 'odd', 'rts-cts', 'xon-xoff', 'on', 'off'],
]
const SECONDS = { takes: /^[1-9]\d{0,4}$/, like: 'a number of seconds' }

/** Bytes of a file for the target, or from it: three hours at 115200 bit/s. */
export const FILE_MAX_BYTES = 134_217_728

const RECORDING = { value: 'N', takes: /^\d{1,9}$/, like: 'a number from the list', help: 'its number in the list' }
const DIRECTION = {
  value: 'DIRECTION',
  takes: /^(send|receive)$/,
  like: '"send" or "receive"',
  help: '"send" sends standard input to the target; "receive" writes what it sends to standard output',
} as const
const TRANSFER_OPTIONS = {
  at: {
    value: 'SPEED',
    takes: /^\d{2,7}$/,
    like: 'a speed in bits per second',
    help: 'set the line to this speed for the transfer, and back',
  },
} as const

/** A name of two words is a command below the first word, which alone means its `list`. */
export const EXEC_COMMANDS = {
  attach: {
    options: { lines: LINES },
    help: 'open the console (ssh -t), after its last N lines',
    onConsole: true,
    access: 'any',
  },
  watch: { options: { lines: LINES }, help: 'watch, read-only', onConsole: true, access: 'any' },
  break: {
    arguments: [
      {
        value: 'MS',
        isOptional: true,
        takes: /^\d{1,9}$/,
        like: 'a number of milliseconds',
        help: 'its length in milliseconds',
      },
    ],
    options: {
      as: {
        value: 'NAME',
        takes: new RegExp(`^(?:${Object.keys(BREAK_SEQUENCES).join('|')})$`),
        like: Object.keys(BREAK_SEQUENCES).join(', '),
        help: Object.entries(BREAK_SEQUENCES)
          .map(([name, { help }]) => `${name}: ${help}`)
          .join('; '),
      },
      sysrq: {
        value: 'KEY',
        takes: /^[0-9a-zA-Z?]$/,
        like: 'one letter or digit',
        help: 'BREAK, then KEY: Linux SysRq',
      },
      // biome-ignore lint/suspicious/noThenProperty: the name of the option.
      then: { value: 'TEXT', help: 'BREAK, then TEXT; \\r and \\xNN are read' },
    },
    help: `send a BREAK of ${BREAK_MS.default} ms, or of MS (${BREAK_MS.min} to ${BREAK_MS.max})`,
    onConsole: true,
    access: 'any',
  },
  set: {
    arguments: [
      {
        value: 'SETTING',
        isOptional: true,
        isRepeated: true,
        takes: new RegExp(`^(?:${SETTING_WORDS.join('|')}|\\d{1,7}|[5-8][neo][12])$`, 'i'),
        like: 'a setting such as "speed 115200", "parity even", "bits 7", "stop 2", "flow rts-cts", "dtr off", "8N1"',
        help: 'speed N, bits N, parity none|even|odd, stop N, flow none|rts-cts|xon-xoff, dtr on|off, rts on|off, or short: 115200 8N1',
      },
    ],
    options: {
      keep: { help: 'keep it over a restart of the bridge, too' },
      default: { help: 'go back to what the configuration says' },
    },
    help: 'set the line until the last session leaves; alone: show it',
    onConsole: true,
    access: 'any',
  },
  autobaud: {
    options: {
      type: { help: 'send one CR at each speed, from the highest down' },
      keep: { help: 'keep the speed over a restart of the bridge, too' },
    },
    help: 'find the speed by what the target says within 60 s',
    onConsole: true,
    access: 'any',
  },
  release: { help: 'release the line where flow control holds it', onConsole: true, access: 'any' },
  log: {
    options: {
      since: {
        value: 'TIME',
        takes: SINCE,
        like: 'an age such as 1h or a time such as 2026-11-26T04:20 (UTC)',
        help: 'from then on: an age such as 30m, 1h or 2d, or a time such as 2026-11-26T04:20 (UTC)',
      },
      lines: {
        value: 'N',
        takes: /^\d{1,5}$/,
        like: 'a number',
        help: 'only the last N lines; 100 where nothing else is asked for',
      },
      grep: { value: 'RE', help: 'only lines with this regular expression (RE2); (?i) at its beginning ignores case' },
      follow: { help: 'go on with what comes, until Ctrl-C' },
      raw: { help: 'print exactly what the target sent, without times and events' },
    },
    help: 'print what the console said, with times, also from before you came',
    onConsole: true,
    access: 'any',
  },
  power: {
    arguments: [
      {
        value: 'ACTION',
        isOptional: true,
        takes: /^(?:on|off|cycle|status)$/,
        like: '"on", "off", "cycle" or "status"',
        help: 'on, off, cycle (off, and on again after some seconds) or status; status when left out',
      },
    ],
    options: {
      break: {
        help: `of cycle: send BREAK after BREAK while it boots, until a prompt comes, for ${BREAK_WINDOW_S} s at most`,
      },
      yes: { help: 'do not ask for the name of the console first' },
    },
    input: true,
    help: 'switch the power of the target, or show how its outlets are',
    onConsole: true,
    access: 'own-key',
  },
  who: { help: 'show who is at the console, since when and from where', onConsole: true, access: 'any' },
  note: {
    arguments: [{ value: 'TEXT', isOptional: true, isRepeated: true, help: 'everybody who comes reads it' }],
    options: { clear: { help: 'take the note off' } },
    help: 'leave a note for all who come; alone: show it',
    onConsole: true,
    access: 'any',
  },
  message: {
    rest: { value: 'TEXT', help: 'shown to everybody at the console, as it is' },
    help: 'send a line to the people at the console',
    onConsole: true,
    access: 'any',
  },
  kick: {
    arguments: [{ value: 'NAME', ...NAME, help: 'who' }],
    help: "end somebody's sessions at the console (administrators)",
    onConsole: true,
    access: 'own-key',
  },
  run: {
    options: {
      until: { value: 'RE', help: 'the prompt that ends an answer (RE2), instead of [>#$%] ?$' },
      idle: { value: 'S', ...SECONDS, help: 'give up after S seconds of silence without a prompt; 30' },
      timeout: { value: 'S', ...SECONDS, help: 'give up after S seconds of one answer; 300' },
      pager: {
        value: 'RE',
        help: 'the pager that is answered with a space (RE2), instead of those of IOS, NX-OS, Junos and Linux',
      },
      json: { help: 'print a JSON object for each line: command, output, prompt, reason, exit, seconds' },
    },
    rest: { value: 'LINE', help: 'the line that is sent, as it is; without it, the lines of standard input are sent' },
    input: true,
    help: 'send a line and print the answer, for programs',
    onConsole: true,
    access: 'any',
  },
  alerts: {
    options: { json: { help: 'print JSON, for programs' } },
    help: 'show what its alerts found: rule, time, count',
    onConsole: true,
    access: 'any',
  },
  'recordings list': {
    options: { json: { help: 'print JSON, for programs' } },
    help: 'list the recorded sessions: who, from where, when',
    onConsole: true,
    access: 'any',
  },
  'recordings play': {
    arguments: [RECORDING],
    options: {
      speed: {
        value: 'X',
        takes: /^(?:\d{1,2}(?:\.\d{1,2})?|100)$/,
        like: 'a number up to 100',
        help: 'X times as fast, such as 4 or 0.5',
      },
    },
    input: true,
    help: 'play a recorded session on this terminal; q ends it',
    onConsole: true,
    access: 'any',
  },
  'recordings export': {
    arguments: [RECORDING],
    help: 'print a recorded session as a file for asciinema (asciicast v2)',
    onConsole: true,
    access: 'own-key',
  },
  xmodem: {
    arguments: [DIRECTION],
    options: { '1k': { help: 'send blocks of 1024 bytes instead of 128' }, ...TRANSFER_OPTIONS },
    input: true,
    help: 'send a file to the target, or receive one, by XMODEM',
    onConsole: true,
    access: 'own-key',
  },
  ymodem: {
    arguments: [
      DIRECTION,
      {
        value: 'NAME',
        isOptional: true,
        takes: /^[A-Za-z0-9][A-Za-z0-9._+=@-]{0,99}$/,
        like: 'a file name without folders and spaces',
        help: 'of "send": what the target calls the file',
      },
    ],
    options: TRANSFER_OPTIONS,
    input: true,
    help: 'send a file with its name and size to the target, or receive one, by YMODEM',
    onConsole: true,
    access: 'own-key',
  },
  status: {
    options: { json: { help: 'print JSON, for programs' } },
    help: 'show lines and sessions',
    onConsole: false,
    access: 'any',
  },
  list: { help: 'list your consoles', onConsole: false, access: 'own-key' },
  help: {
    arguments: [{ value: 'COMMAND', isOptional: true, help: 'explain this one' }],
    help: 'show this help',
    onConsole: false,
    access: 'any',
  },
  dismiss: {
    arguments: [
      { value: 'DEVICE', ...NAME, help: 'the name of this device' },
      { value: 'BY', ...NAME, isOptional: true, help: 'who ends them' },
    ],
    help: 'end the sessions of everybody who is not on the device itself',
    onConsole: false,
    access: 'device',
  },
  tell: {
    options: {
      lost: {
        value: 'S',
        ...SECONDS,
        help: 'say it to those whose session was lost in the last S seconds, as its cause',
      },
    },
    rest: { value: 'TEXT', help: 'what is said' },
    help: 'tell everybody who is not on the device itself what becomes of their sessions',
    onConsole: false,
    access: 'device',
  },
} as const satisfies Record<string, ExecCommandEntry>

export type ExecCommandName = keyof typeof EXEC_COMMANDS

type Entry<Name extends ExecCommandName> = (typeof EXEC_COMMANDS)[Name]

/** One command as it was typed; what was not given is undefined. */
export interface ExecCommand<Name extends ExecCommandName = ExecCommandName> {
  name: Name
  /** By what the table calls them. */
  args: Entry<Name> extends { arguments: readonly (infer A extends ExecArgument)[] }
    ? { readonly [Value in A['value']]?: string }
    : Readonly<Record<string, never>>
  options: Entry<Name> extends { options: infer O }
    ? { readonly [Option in keyof O]?: O[Option] extends { value: string } ? string : true }
    : Readonly<Record<string, never>>
  /** What followed `--`. */
  rest?: string
}

export const EXEC_NAMES = Object.keys(EXEC_COMMANDS) as ExecCommandName[]

export function isExecCommand(name: string): name is ExecCommandName {
  return Object.hasOwn(EXEC_COMMANDS, name)
}

export function entryOf(name: ExecCommandName): ExecCommandEntry {
  return EXEC_COMMANDS[name]
}

/** `break [MS]`; several options are `[OPTIONS]` unless all are wanted. */
export function usageOf(name: ExecCommandName, isFull = false): string {
  const { arguments: values = [], options = {}, rest } = entryOf(name)
  const each = Object.entries(options).map(([option, entry]) => `[${optionLabel(option, entry)}]`)
  return [
    name,
    ...(each.length > 1 && !isFull ? ['[OPTIONS]'] : each),
    ...values.map(({ value, isOptional, isRepeated }) => {
      const label = `${value}${isRepeated ? '...' : ''}`
      return isOptional ? `[${label}]` : label
    }),
    ...(rest ? [`[-- ${rest.value}]`] : []),
  ].join(' ')
}

/** `--since AGE` */
export function optionLabel(option: string, { value }: ExecOption): string {
  return `--${option}${value === undefined ? '' : ` ${value}`}`
}
