/** The settings of a console, as a device's file, `oobm.toml` and the fleet file have them. */
import * as z from 'zod'
import { alertProblems, alertRulesSchema, alertsSchema } from './alert-rules.ts'
import { labelSchema } from './console-label.ts'
import { expressionProblem } from './expression.ts'
import { commandOf, linePathProblem, linePathSchema } from './line-path.ts'
import { hostSchema, nameSchema, pathSchema } from './names.ts'
import { consoleOutletsSchema } from './outlets.ts'
import { STABLE_EXAMPLE } from './serial-path.ts'
import { USB_PORT_EXAMPLE, USB_SCHEME, usbPortSchema } from './usb-port.ts'

const SERIAL_PATH_MESSAGE = `must be a device file such as ${STABLE_EXAMPLE}`

/** `scheme:rest` is a line that a program registers: `sim:router` in the lab. */
const registeredSchema = z.string().regex(/^(?!(?:telnet|rfc2217|exec):)[a-z]+:(?!\/\/)[A-Za-z0-9._/-]*$/)

const serialPathSchema = z.union([pathSchema, linePathSchema, registeredSchema], {
  error: ({ input }) => linePathProblem(String(input)) ?? SERIAL_PATH_MESSAGE,
})

/** Steps that one character of a prompt may cost: a line has 256 of them at most, and is matched with each that comes. */
const PROMPT_SIZE = 256

/** Known to be cheap in any engine. */
export const DEFAULT_PASTE_PROMPT = '[>#$%?:\\]] ?$'

const promptSchema = z
  .string()
  .min(1)
  .max(200)
  .superRefine((text, context) => {
    const message = text === '' || text.length > 200 ? undefined : expressionProblem(text, PROMPT_SIZE)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

/** The keys of a session, per console and per person. */
export const escapeSetSchema = z.enum(['oobm', 'conserver'], 'must be "oobm" or "conserver"')

/** The single settings of a console. */
export const consoleShape = z.strictObject({
  name: nameSchema.meta({
    description: 'what technicians call it: the host in `ssh core-sw1`',
    details: 'It is unique in the fleet.',
    example: 'core-sw1',
  }),
  path: serialPathSchema.optional().meta({
    description: 'its serial line: the name that `ls /dev/serial/by-id/*` shows wherever the adapter is plugged in',
    details:
      'Each console has a line of its own. `telnet://HOST:PORT` and `rfc2217://HOST:PORT` are lines over the network, and `exec:` is a command whose text root writes on the device (docs/other-lines.md). The kernel numbers `/dev/ttyUSB0` and the like in the order in which it finds the adapters, so that another adapter may have the name after the next start. `oobm console adapters` on the device shows what to write.',
    whenLeftOut: 'required without usb',
    value: 'PATH',
    example: STABLE_EXAMPLE,
  }),
  usb: usbPortSchema.optional().meta({
    description: 'in place of `path`: the USB port in which its adapter is, as the kernel numbers it',
    details:
      'For an adapter whose serial number is missing or not its own alone. `1.2` is `/sys/bus/usb/devices/1-1.2`; `1.2:1.3` also names the interface, for an adapter with several serial ports; `1-1.2` also names the bus, for a board with several. `oobm console adapters` on the device shows what to write.',
    whenLeftOut: 'required without path',
    value: 'PORT',
    example: USB_PORT_EXAMPLE,
  }),
  execHosts: z
    .array(hostSchema)
    .max(16)
    .default([])
    .meta({
      description: 'hosts that the command of an `exec:` line may reach',
      details: 'It reaches no others. The first is `$OOBM_LINE_HOST` in the command, as an address.',
      example: ['192.0.2.7'],
      option: false,
    }),
  execBreak: z.string().min(1).max(20).optional().meta({
    description: 'what an `exec:` line sends in place of BREAK',
    whenLeftOut: 'default: BREAK is refused',
    value: 'TEXT',
    example: '\r~B',
  }),
  baudRate: z.int().min(50).max(4_000_000).default(9600).meta({
    description: 'speed of the line',
    details: '`oobm doctor` warns about a speed that no equipment has.',
    unit: 'bit/s',
    option: 'baud',
  }),
  dataBits: z
    .union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)])
    .default(8)
    .meta({ description: 'data bits of the line' }),
  parity: z.enum(['none', 'even', 'odd']).default('none').meta({ description: 'parity of the line' }),
  stopBits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .meta({ description: 'stop bits of the line' }),
  flowControl: z
    .enum(['none', 'rts-cts', 'xon-xoff'])
    .default('none')
    .meta({ description: 'flow control of the line' }),
  label: labelSchema.optional().meta({
    description: 'what greeting, menu, `list` and `status` say about the equipment: site, rack, model, contact',
    details: 'Or one text for all of them. `cable` is for the field sheet.',
    value: 'TEXT',
    example: {
      site: 'Tokyo DC2',
      rack: '14',
      model: 'Catalyst 9300',
      cable: 'USB to RJ45, light blue',
      contact: 'noc@example.com',
    },
  }),
  escapeSet: escapeSetSchema.default('oobm').meta({
    description: 'keys that control a session here: ours, after the escape key, or those of conserver, after `^Ec`',
    details: 'A person may have a set of their own. docs/console.md has both.',
  }),
  onLeave: z
    .union([z.enum(['none', 'warn', 'dtr-drop']), z.strictObject({ send: z.string().min(1).max(200) })], {
      error: 'must be "none", "warn", "dtr-drop" or { send = "TEXT" }',
    })
    .default('warn')
    .meta({
      description: 'what happens when the last operator leaves',
      details:
        '`warn`: the next person reads that the target may still be logged in as somebody else. `{ send = "\\x1a\\rexit\\r" }` also sends this to the target, and `dtr-drop` lowers DTR for a second, which equipment takes for a hang-up; for a lost connection, once its place is no longer kept.',
    }),
  idleTimeoutS: z.int().min(30).max(86_400).optional().meta({
    description:
      'time without a key after which somebody no longer has the keyboard; after as much again their session ends',
    unit: 's',
    whenLeftOut: 'default: never',
    example: 1800,
  }),
  transcript: z.boolean().default(true).meta({
    description: 'whether what the target says is kept on the disk',
    details: 'Configurations and passwords that the target shows are in it, unencrypted (docs/transcript.md).',
  }),
  logRole: z.enum(['any', 'admin']).default('any').meta({
    description: 'who may read the transcript: everybody who may open the console, or of them only administrators',
    details: 'An administrator is a technician with `admin = true`.',
  }),
  pasteCharacterDelayMs: z.int().min(0).max(1_000).default(0).meta({
    description: 'character delay: time after each character of a paste',
    unit: 'ms',
  }),
  pasteLineDelayMs: z.int().min(0).max(10_000).default(0).meta({
    description: 'line delay: time after each line of a paste',
    unit: 'ms',
  }),
  pasteWaitFor: z.enum(['none', 'prompt', 'echo']).default('none').meta({
    description: 'what the target must show before the next line of a paste is sent',
    details: '`echo` is the safest for equipment that loses characters; docs/console.md says when to take which.',
  }),
  pastePrompt: promptSchema.default(DEFAULT_PASTE_PROMPT).meta({
    description: 'regular expression (RE2 syntax) of the prompt that a paste waits for',
    details: 'It is matched with the line at which the target stopped, without colours.',
    value: 'REGEX',
  }),
  pasteTimeoutS: z.int().min(1).max(600).default(10).meta({
    description: 'longest wait for prompt or echo: then the rest of the paste is dropped',
    unit: 's',
  }),
  outlets: consoleOutletsSchema,
  alerts: alertsSchema,
  alertRules: alertRulesSchema,
})

/** Lines that are no serial port. */
const WITHOUT_MODEM_LINES = /^(telnet|exec):/

/** As it is written. */
export const consoleSettings = consoleShape.superRefine(({ path, usb, onLeave, ...settings }, context) => {
  const report = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
  for (const problem of alertProblems(settings)) context.addIssue({ code: 'custom', ...problem })
  if (path === undefined && usb === undefined)
    report('path', 'is missing: a console needs path or usb ("oobm console adapters" on the device shows both)')
  if (path !== undefined && usb !== undefined)
    report('usb', 'and path exclude each other: keep the one by which the adapter is to be found')
  if (commandOf(path) === undefined) {
    const why = 'is for path = "exec:" only: this console has another line'
    if (settings.execHosts.length > 0) report('execHosts', why)
    if (settings.execBreak !== undefined) report('execBreak', why)
  }
  if (onLeave === 'dtr-drop' && path !== undefined && WITHOUT_MODEM_LINES.test(path))
    report('onLeave', 'must be "none", "warn" or { send = "TEXT" }: this line has no DTR to drop')
})

/** For who opens its line: there is a path in any case; that of a console at a USB port is `usb:1.2`. */
export const consoleSchema = consoleSettings.transform(({ path, usb, ...settings }) => ({
  ...settings,
  path: path ?? `${USB_SCHEME}:${usb}`,
}))
