/**
 * The commands of `ssh core-sw1 COMMAND` and `oobm console COMMAND`: the one table. Their effects:
 * console-bridge/ssh/execute.ts.
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

export interface ExecCommandEntry {
  arguments?: readonly { value: string; isOptional?: boolean; help: string }[]
  /** Whether --json may follow it. */
  json?: true
  /** All valid arguments, joined by a space. */
  takes: RegExp
  /** One line of help. */
  help: string
  /** It acts on the console of the login name; otherwise on all consoles of the person. */
  onConsole: boolean
  /**
   * `any`: also who logged in at the relay, for the one console of that login. `own-key`: a technician's own key or
   * account. `device`: root and the supervisor; for everybody else the command does not exist.
   */
  access: 'any' | 'own-key' | 'device'
}

const NOTHING = /^$/
const NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}'

export const EXEC_COMMANDS = {
  watch: { takes: NOTHING, help: 'watch, read-only', onConsole: true, access: 'any' },
  break: {
    arguments: [{ value: 'MS', isOptional: true, help: 'its length in milliseconds' }],
    takes: /^(\d{1,9})?$/,
    help: `send a BREAK of ${BREAK_MS.default} ms, or of MS (${BREAK_MS.min} to ${BREAK_MS.max})`,
    onConsole: true,
    access: 'any',
  },
  release: {
    takes: NOTHING,
    help: 'release the line where flow control holds it',
    onConsole: true,
    access: 'any',
  },
  status: {
    json: true,
    takes: /^(--json)?$/,
    help: 'show lines and sessions; --json for programs',
    onConsole: false,
    access: 'any',
  },
  list: { takes: NOTHING, help: 'list your consoles', onConsole: false, access: 'own-key' },
  help: { takes: NOTHING, help: 'show this help', onConsole: false, access: 'own-key' },
  dismiss: {
    arguments: [
      { value: 'DEVICE', help: 'the name of this device' },
      { value: 'BY', isOptional: true, help: 'who ends them' },
    ],
    takes: new RegExp(`^${NAME}( ${NAME})?$`),
    help: 'end the sessions of everybody who is not on the device itself',
    onConsole: false,
    access: 'device',
  },
} satisfies Record<string, ExecCommandEntry>

export type ExecCommandName = keyof typeof EXEC_COMMANDS

export function isExecCommand(name: string): name is ExecCommandName {
  return Object.hasOwn(EXEC_COMMANDS, name)
}

/** @param args each without a space */
export function takesArguments(name: ExecCommandName, args: readonly string[]): boolean {
  return EXEC_COMMANDS[name].takes.test(args.join(' '))
}

/** `break [MS]` */
export function usageOf(name: ExecCommandName): string {
  const { arguments: values = [], json }: ExecCommandEntry = EXEC_COMMANDS[name]
  const labels = values.map(({ value, isOptional }) => (isOptional ? `[${value}]` : value))
  return [name, ...labels, ...(json ? ['[--json]'] : [])].join(' ')
}
