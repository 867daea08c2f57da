/**
 * The settings of a device that an operator may write into the fleet file, too. What is added here is known to the fleet
 * file, `oobm-relay add`, oobm.toml, the man page, the example and the JSON Schemas; what remains to do is its effect.
 */
import * as z from 'zod'
import { buttonSchema } from './button.ts'
import { labelTextSchema } from './console-label.ts'
import { consoleSettings } from './console-settings.ts'
import { fileDropSchema } from './file-drop-settings.ts'
import { pathSchema, portSchema, userSchema } from './names.ts'
import { outletsSchema } from './outlets.ts'
import { LED_PIN, pinSchema } from './pins.ts'
import { settingsPollSchema } from './settings-poll.ts'
import { speechSchema } from './speech-settings.ts'
import { uplinkSchema } from './uplink-settings.ts'
import { usbPortSchema } from './usb-port.ts'
import { userdataSchema } from './userdata.ts'
import { proxySchema, waysOutSchema } from './ways-out.ts'

export const ledSchema = z
  .strictObject({
    backend: z.enum(['auto', 'gpio', 'kernel', 'file', 'none']).default('auto').meta({
      description: 'what drives the LED',
      details:
        '`auto` takes the GPIO if there is one, else an LED of the kernel, else none. `file` writes the state to `path`.',
    }),
    pin: pinSchema.default(LED_PIN).meta({ description: 'BCM number of the pin of the LED, for `gpio`' }),
    rgb: z
      .array(pinSchema)
      .length(3, 'must be three pins: red, green, blue')
      .optional()
      .meta({
        description: 'pins of an LED of three colours, red, green, blue, in place of `pin`',
        details: 'The pattern says the state; the colour says from afar whether a technician can get in (docs/led.md).',
        example: [17, 27, 23],
      }),
    activeLow: z.boolean('must be true or false').default(false).meta({
      description: 'whether the LED is lit while its pins are low, for `gpio`',
      details: 'For LEDs between the pin and 3.3 V, such as those of three colours with a common anode.',
    }),
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
  .superRefine(({ backend, path, rgb, activeLow }, context) => {
    const report = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (backend === 'file' && path === undefined) report('path', 'is missing: the file backend needs it')
    if (backend === 'auto' || backend === 'gpio') return
    const message = `is for the backends auto and gpio, and this one is "${backend}"`
    if (rgb !== undefined) report('rgb', message)
    if (activeLow) report('activeLow', message)
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

export const recoverySchema = z.strictObject({
  reboot: z.boolean().default(true).meta({
    description: 'whether the board is rebooted when its Wi-Fi, which worked since its start, is stuck for an hour',
    details:
      'Only where nothing else leads out, nobody is in, and neither a new login to the network nor a new start of its driver helped; once in 6 hours at most.',
  }),
})

export const shellSchema = z.strictObject({
  port: portSchema.default(22).meta({ description: 'port on 127.0.0.1 of the sshd of the device' }),
  hostKeyFile: pathSchema
    .default('/etc/ssh/ssh_host_ed25519_key.pub')
    .meta({ description: 'public host key of that sshd', details: 'The self-test accepts no other.' }),
  sshOnUplink: z.boolean('must be true or false').default(true).meta({
    description: 'whether that sshd answers on addresses of the uplink side, too',
    details:
      'With `false` it answers through the tunnel, and on addresses for those beside the board; who is in stays in (docs/network-roles.md).',
  }),
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

export const pageSchema = z.strictObject({
  enabled: z.boolean('must be true or false').default(true).meta({
    description: 'whether local addresses show a page for field staff',
    details: 'It can only be read, and has no secrets (docs/page.md). A board without settings has it, too.',
  }),
})

export const contactSchema = labelTextSchema.optional().meta({
  description: 'whom field staff call: a name and a telephone number',
  details: 'It is on the field sheet, and on the page that the device shows on local addresses.',
  value: 'TEXT',
  example: 'NOC +81 3 1234 5678',
})

/** Without the bridge: the file of the device has a host key beside its settings, the fleet file has none. */
export const deviceSettings = {
  contact: contactSchema,
  page: pageSchema.prefault({}).meta({ description: 'the page for field staff on local addresses' }),
  speech: speechSchema
    .prefault({})
    .meta({ description: 'the voice that says the state, for people beside the device' }),
  shell: shellSchema.prefault({}).meta({ description: 'the sshd of the device' }),
  selftest: selftestSchema
    .prefault({})
    .meta({ description: 'the proof: a login through the relay, back to the device' }),
  consoles: z
    .array(consoleSettings)
    .default([])
    .meta({ description: 'a serial line and the equipment at it', identity: ['name'] }),
  outlets: outletsSchema,
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
  userdata: userdataSchema
    .optional()
    .meta({ description: 'userdata of a mobile network, which may name another relay (docs/userdata.md)' }),
  recovery: recoverySchema
    .prefault({})
    .meta({ description: 'what the device may do by itself when its way out is stuck (docs/recovery.md)' }),
  uplinks: z
    .array(uplinkSchema)
    .default([])
    .meta({
      description: 'an interface that leads to the relay, where its defaults do not fit',
      identity: ['interface'],
    }),
  proxy: proxySchema.optional().meta({ description: 'an HTTP proxy, for networks that let nothing else out' }),
  waysOut: waysOutSchema.prefault({}).meta({ description: 'what is tried where plain SSH does not come through' }),
  files: fileDropSchema
    .prefault({})
    .meta({ description: 'files for the equipment beside the device, on local addresses (docs/files.md)' }),
  led: ledSchema.prefault({}).meta({ description: 'the LED that shows the state' }),
  button: buttonSchema.optional().meta({ description: 'a button at a pin, for people beside the device' }),
  profile: profileSchema.meta({
    description: 'what the connection costs; sets the intervals that have no value',
    details: '`cellular` is for a line that is paid by the byte.',
  }),
  intervals: intervalsSchema
    .prefault({})
    .meta({ description: 'times and waits; a value here counts, whatever the profile is' }),
}
