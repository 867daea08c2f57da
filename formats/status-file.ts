/** The format of the two daemons' `status.json`, and how it is read: the only definition of both. */
import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { heartbeatSchema } from '../runtime/boot-clock.ts'
import { errorCode } from '../runtime/errors.ts'
import { outletStateSchema } from './power-protocol.ts'
import { RECOVERY_STEPS } from './recovery-steps.ts'
import { STATE_NAMES, withState } from './states.ts'
import { UPLINK_KINDS } from './uplink-settings.ts'
import { userdataStatusSchema } from './userdata.ts'
import { RUNGS, waySchema } from './ways-out.ts'

/** Milliseconds since 1970. */
const instant = z.int()

const changeSchema = z.preprocess(withState, z.object({ at: instant, state: z.enum(STATE_NAMES), cause: z.string() }))

export const hotspotStateSchema = z.object({
  interface: z.string(),
  ssid: z.string(),
  /** Of this board on it. */
  address: z.string(),
  isOn: z.boolean(),
  /** Whether the same radio logs in to networks while it is off. */
  isAlsoClient: z.boolean(),
  /** Since when it is on; null while it is off. */
  since: instant.nullable(),
  /** Devices that have joined it. */
  devices: z.int(),
  /** What happens by itself, if nobody comes and nothing is proved meanwhile. */
  next: z.object({ to: z.enum(['on', 'off']), at: instant }).nullable(),
  /** Why it was not switched when it was last asked for; empty where it was. */
  problem: z.string(),
})

/** `/run/oobm/status.json`, written by the supervisor at every change and at every heartbeat. */
export const supervisorStatusSchema = z.preprocess(
  withState,
  z.object({
    version: z.literal(1),
    device: z.string(),
    software: z.string(),
    pid: z.int(),
    heartbeat: heartbeatSchema,
    state: z.enum(STATE_NAMES),
    /** Why the state is what it is, as a sentence for a technician. */
    cause: z.string(),
    since: instant,
    relay: z.object({ host: z.string(), port: z.int() }).nullable(),
    /** The way that the tunnel goes; null while there is none. Older supervisors do not say. */
    way: waySchema.nullable().optional(),
    /** How each way to each relay was found when it was tried last. */
    ways: z
      .array(
        z.object({
          relay: z.string(),
          rung: z.enum(RUNGS),
          /** By which it was tried; null for the default route. Older supervisors do not say. */
          interface: z.string().nullable().optional(),
          /** Null where the relay was reached. */
          cause: z.string().nullable(),
          at: instant,
        }),
      )
      .optional(),
    /** When this tunnel came up; null while there is none. */
    connectedAt: instant.nullable(),
    proof: z.object({
      /** The last proof of the way back; null until there is one. */
      provedAt: instant.nullable(),
      /** How it was proved: by a login through the tunnel itself, or by the self-test over a second connection. */
      by: z.enum(['login', 'self-test']).nullable(),
      /** Milliseconds that it took. */
      tookMs: z.number().nullable(),
      /** The last self-test of any outcome: what each step found. */
      attempt: z
        .object({
          /** When it was over. */
          at: instant,
          ok: z.boolean(),
          /** Milliseconds of all of it; steps may run side by side. */
          tookMs: z.number(),
          steps: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string(), tookMs: z.number() })),
        })
        .nullable(),
      /** Round trip of the last in-band probe, in milliseconds. */
      probeMs: z.number().nullable(),
    }),
    /** The interfaces that lead out, as they are preferred; missing where there is no choice to show. */
    uplinks: z
      .array(
        z.object({
          name: z.string(),
          kind: z.enum(UPLINK_KINDS),
          /** It is paid by the byte. */
          metered: z.boolean(),
          /** The tunnel goes by it. */
          carries: z.boolean(),
          /** The last login through the relay and by it; null until there is one. */
          provedAt: instant.nullable(),
          /** Why it does not carry the tunnel; empty while it does. */
          why: z.string(),
          /** Bytes in the last 24 hours, or since the start; null for one that costs nothing. */
          dayBytes: z.int().nullable(),
        }),
      )
      .optional(),
    /** Missing where no userdata is asked for. */
    userdata: userdataStatusSchema.optional(),
    /** The captive portals that are in the way; none in older ones. */
    portals: z
      .array(
        z.object({
          /** Null for the default route. */
          interface: z.string().nullable(),
          /** The address of its page. */
          page: z.string(),
          /** When it answered last. */
          at: instant,
        }),
      )
      .optional(),
    /** The hotspot of this board; missing where the settings have none. */
    hotspot: hotspotStateSchema.optional(),
    sessions: z.object({ shell: z.int(), console: z.int() }),
    /** The next attempt to connect; null while none is planned. */
    retryAt: instant.nullable(),
    /** Wireless interfaces that lead nowhere, and what is done about it; none in older ones. */
    recovery: z
      .array(
        z.object({
          interface: z.string(),
          /** As the end of a sentence about the interface. */
          cause: z.string(),
          since: instant,
          /** Of each kind the last one, in their order. */
          steps: z.array(
            z.object({
              step: z.enum(RECOVERY_STEPS),
              at: instant,
              result: z.enum(['asked', 'done', 'refused', 'failed']),
              detail: z.string(),
            }),
          ),
          next: z.object({ step: z.enum(RECOVERY_STEPS), at: instant }).nullable(),
        }),
      )
      .optional(),
    /** Missing where there is none, and in older ones. */
    button: z
      .object({
        pin: z.int(),
        /** Why it is not watched; null while it is. */
        problem: z.string().nullable(),
        /** The last press that brought about something, since the supervisor started. */
        last: z.object({ at: instant, outcome: z.string() }).nullable(),
      })
      .optional(),
    /** The button was pressed for it: the present configuration is not used, but the last one that was proved. */
    onLastGood: z.literal(true).optional(),
    /** The latest changes of the state or its cause, newest last. */
    changes: z.array(changeSchema),
  }),
)

/** An alert as the console bridge told it last. */
export const toldAlertSchema = z.object({
  /** Unique, also over restarts: what is told again has the same one, and a greater count. */
  ref: z.string().regex(/^[0-9a-f]{12}$/),
  console: z.string(),
  rule: z.string(),
  /** Of the first and the last line that matched. */
  since: instant,
  at: instant,
  /** Lines that matched. */
  count: z.int(),
  /** Who sent something to the target shortly before the first of them. */
  typist: z.string().optional(),
  /** The first of them, if the rule allows it. */
  text: z.string().optional(),
})

export type ToldAlert = z.output<typeof toldAlertSchema>

/** `/run/oobm-console/status.json`, written by the console bridge at every change and at every heartbeat. */
export const consoleStatusSchema = z.object({
  version: z.literal(1),
  software: z.string(),
  pid: z.int(),
  heartbeat: heartbeatSchema,
  port: z.int(),
  /** What several adapters on this device had as their name, now or once. Older bridges do not say. */
  sharedNames: z.array(z.string()).optional(),
  /** Other events than sessions, oldest first; the ids count from the bridge's start. Older bridges have none. */
  events: z
    .array(
      z.object({
        id: z.int(),
        at: instant,
        /** For what lasted: when it began. */
        since: instant.optional(),
        /** `typed`: what somebody sent to the target in a session that has ended; the count, no characters. */
        event: z.enum(['break', 'word', 'refused', 'typed', 'power']),
        console: z.string().optional(),
        technician: z.string().optional(),
        from: z.string(),
        detail: z.string(),
      }),
    )
    .optional(),
  /** The alerts that were told last, oldest first. Older bridges have none. */
  alerts: z.array(toldAlertSchema).optional(),
  consoles: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      /** At a spare port: it has no name of its own, and need not be open. */
      provisional: z.literal(true).optional(),
      /** As people write it: `9600 8N1`. */
      settings: z.string(),
      /** Set while these differ from the configuration: what that is, and who changed it for how long. */
      changed: z.object({ configured: z.string(), why: z.string() }).optional(),
      state: z.enum(['open', 'closed']),
      /** Why it is closed; empty while it is open. */
      cause: z.string(),
      since: instant,
      /** What people call it: site, rack, model, contact. */
      label: z.string().optional(),
      /** What somebody wants everybody to know who comes; `at` as the clock was. */
      note: z.object({ text: z.string(), by: z.string(), at: instant }).optional(),
      /** The outlets that feed its target, as they said last; `at` is null where nobody has asked. */
      power: z.object({ outlets: z.array(outletStateSchema), at: instant.nullable() }).optional(),
      /** Set while flow control holds output: since when, and why if known. */
      held: z.object({ since: instant, cause: z.string() }).optional(),
      /** Set while the disk does not take the transcript: since when, and why. */
      notRecorded: z.object({ since: instant, cause: z.string() }).optional(),
      /** When the target last sent something; null if never since the start. */
      lastOutputAt: instant.nullable(),
      bytesIn: z.int(),
      bytesOut: z.int(),
      sessions: z.array(
        z.object({
          /** Unique for this console since the bridge's start. */
          id: z.int(),
          technician: z.string(),
          /** Whether this session may type now; at most one may. */
          writer: z.boolean(),
          from: z.string(),
          since: instant,
          /** `relay`: the relay vouches for the name, with its hop key; `shell`: by an account of this device. */
          via: z.enum(['relay', 'shell']).optional(),
        }),
      ),
    }),
  ),
})

export type SupervisorStatus = z.output<typeof supervisorStatusSchema>
export type ConsoleStatus = z.output<typeof consoleStatusSchema>

/** The status that a daemon last wrote; undefined when there is none or another version wrote it. */
export async function readStatus<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw err
  }
  const result = schema.safeParse(JSON.parse(text))
  return result.success ? result.data : undefined
}
