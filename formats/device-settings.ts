/**
 * The settings of a device that an operator may write into the fleet file, too. What is added here is known to the fleet
 * file, `oobm-relay add`, oobm.toml, the man page, the example and the JSON Schemas; what remains to do is its effect.
 */
import * as z from 'zod'
import { alertProblems, alertRulesSchema, alertsSchema } from './alert-rules.ts'
import { labelSchema } from './console-label.ts'
import { expressionProblem } from './expression.ts'
import { commandOf, linePathProblem, linePathSchema } from './line-path.ts'
import { hostSchema, nameSchema, pathSchema, portSchema, userSchema } from './names.ts'
import { STABLE_EXAMPLE } from './serial-path.ts'
import { settingsPollSchema } from './settings-poll.ts'
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
    details: 'Or one text for all of them.',
    value: 'TEXT',
    example: { site: 'Tokyo DC2', rack: '14', model: 'Catalyst 9300', contact: 'noc@example.com, +81 3 1234' },
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
  alerts: alertsSchema,
  alertRules: alertRulesSchema,
})

/** Lines that are no serial port. */
const WITHOUT_MODEM_LINES = /^(telnet|exec):/

/** As it is written. */
const consoleSettings = consoleShape.superRefine(({ path, usb, onLeave, ...settings }, context) => {
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

export const ledSchema = z
  .strictObject({
    backend: z.enum(['auto', 'gpio', 'kernel', 'file', 'none']).default('auto').meta({
      description: 'what drives the LED',
      details:
        '`auto` takes the GPIO if there is one, else an LED of the kernel, else none. `file` writes the state to `path`.',
    }),
    pin: z.int().min(0).max(53).default(17).meta({ description: 'BCM number of the pin of the LED, for `gpio`' }),
    led: z
      .string()
      .regex(/^[A-Za-z0-9:_-]+$/)
      .default('ACT')
      .meta({ description: 'name of the LED below `/sys/class/leds`, for `kernel`' }),
    path: pathSchema.optional().meta({ description: 'file to which `file` writes the state', example: '/run/led' }),
    act: z
      .boolean()
      .default(true)
      .meta({ description: 'beside a GPIO: whether the activity LED of the board shows the state, too' }),
  })
  .superRefine(({ backend, path }, context) => {
    if (backend !== 'file' || path !== undefined) return
    context.addIssue({ code: 'custom', path: ['path'], message: 'is missing: the file backend needs it' })
  })

export const profileSchema = z.enum(['wired', 'cellular'], 'must be "wired" or "cellular"').default('wired')

/** The intervals that each profile sets, in seconds: at most 3 MB a day wired, 1 MB a day cellular (docs/tunnel.md). */
export const PROFILES = {
  wired: { keepaliveS: 15, probeS: 300, selftestS: 14_400, reportS: 300 },
  cellular: { keepaliveS: 60, probeS: 900, selftestS: 43_200, reportS: 1_800 },
} as const satisfies Record<z.output<typeof profileSchema>, object>

const seconds = (min: number) => z.number().min(min).max(86_400)

/** A setting whose default is the profile's. */
function ofProfile(key: keyof (typeof PROFILES)['wired'], description: string, details?: string) {
  const { wired, cellular } = PROFILES
  return seconds(1)
    .optional()
    .meta({
      description,
      ...(details !== undefined && { details }),
      unit: 's',
      whenLeftOut: `default ${wired[key]}, or ${cellular[key]} with the profile cellular`,
      example: wired[key],
    })
}

/** What each interval costs on the wire is in docs/tunnel.md. */
export const intervalsSchema = z.strictObject({
  keepaliveS: ofProfile(
    'keepaliveS',
    'time between two pings of the relay on a silent connection',
    'The relay shows a device as `silent` after three such times without a byte.',
  ),
  probeS: ofProfile('probeS', 'time between two probes on the connection of the tunnel'),
  selftestS: ofProfile('selftestS', 'time between two self-tests, which are the proof'),
  reportS: ofProfile('reportS', 'time between two reports to the relay when nothing happens'),
  timeoutS: seconds(1).default(20).meta({
    description: 'longest time for one step of a connection or a proof',
    details: 'A slow board needs more.',
    unit: 's',
  }),
  backoffMinS: seconds(0.1).default(1).meta({ description: 'shortest wait between two attempts', unit: 's' }),
  backoffMaxS: seconds(1).default(10).meta({ description: 'longest wait between two attempts', unit: 's' }),
  slowRetryS: seconds(1).default(300).meta({
    description: 'longest wait in a state that only a person can end, such as `refused`',
    unit: 's',
  }),
  stableS: seconds(1).default(15).meta({
    description: 'time for which a tunnel is proved before its loss counts as a new one',
    unit: 's',
  }),
})

export const shellSchema = z.strictObject({
  port: portSchema.default(22).meta({ description: 'port on 127.0.0.1 of the sshd of the device' }),
  hostKeyFile: pathSchema
    .default('/etc/ssh/ssh_host_ed25519_key.pub')
    .meta({ description: 'public host key of that sshd', details: 'The self-test accepts no other.' }),
})

export const selftestSchema = z.strictObject({
  // Its password is `*`, its shell /bin/sh.
  user: userSchema.default('oobm-selftest').meta({ description: 'account to which the self-test logs in' }),
})

/** Of the bridge. Its host key is only in the file of the device, which `oobm-relay issue` writes. */
export const bridgeSettings = {
  port: portSchema.default(2222).meta({ description: 'port on 127.0.0.1 of the console bridge' }),
  escape: z
    .string()
    .regex(/^ctrl-[a-z\]\\^_]$/, 'must be ctrl- and one of a-z ] \\ ^ _')
    .default('ctrl-]')
    .meta({
      description: 'escape key of a console session: `ctrl-` and a key',
    }),
  scrollbackBytes: z.int().min(1024).max(16_777_216).default(262_144).meta({
    description: 'output that each console keeps for those who come later',
    unit: 'bytes',
  }),
  transcriptBytes: z.int().min(1_048_576).max(4_294_967_296).default(16_777_216).meta({
    description: 'size of the transcript of each console on the disk; the oldest part is dropped',
    unit: 'bytes',
  }),
  transcriptPercent: z.int().min(1).max(90).default(25).meta({
    description: 'part of the file system that all transcripts together may have',
    details: 'Where that is less than all of them want, each gets as much less.',
    unit: 'percent',
  }),
  transcriptDays: z.int().min(1).max(3_650).default(30).meta({
    description: 'age at which a transcript is dropped, once the clock is known to be right',
    unit: 'days',
  }),
}

export const BRIDGE_ABOUT = 'the SSH server in front of the serial lines'

/** Without the bridge: the file of the device has a host key beside its settings, the fleet file has none. */
export const deviceSettings = {
  shell: shellSchema.prefault({}).meta({ description: 'the sshd of the device' }),
  selftest: selftestSchema
    .prefault({})
    .meta({ description: 'the proof: a login through the relay, back to the device' }),
  consoles: z
    .array(consoleSettings)
    .default([])
    .meta({ description: 'a serial line and the equipment at it', identity: ['name'] }),
  sparePorts: z
    .array(usbPortSchema)
    .default([])
    .meta({
      description: 'its USB ports that are offered before an adapter has a name, as `tokyo-rack1-usb1.2`',
      details:
        'Only technicians who have the shell of this device may open them, at 9600 8N1, and nobody else gets a right to them. A port that is a console is not offered.',
      example: ['1.1', '1.2'],
      option: false,
    }),
  settingsPoll: settingsPollSchema
    .optional()
    .meta({ description: 'an address from which the device gets signed settings documents by itself' }),
  led: ledSchema.prefault({}).meta({ description: 'the LED that shows the state' }),
  profile: profileSchema.meta({
    description: 'what the connection costs; sets the intervals that have no value',
    details: '`cellular` is for a line that is paid by the byte.',
  }),
  intervals: intervalsSchema
    .prefault({})
    .meta({ description: 'times and waits; a value here counts, whatever the profile is' }),
}
