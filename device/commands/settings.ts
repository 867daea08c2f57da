/** `oobm settings`: what came from afar, what is on trial, what was refused; and a document brought by hand. */
import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { alignColumns } from '../../cli/layout.ts'
import type { Paint } from '../../cli/paint.ts'
import { describeAge } from '../../cli/times.ts'
import { directoriesOf, settingsRecordPath } from '../../formats/directories.ts'
import { type SettingsTrust, settingsSchema } from '../../formats/provisioning.ts'
import { DOCUMENT_MAX_BYTES } from '../../formats/settings-document.ts'
import { type PollStatus, pollStatusSchema, readPollStatus } from '../../formats/settings-poll.ts'
import {
  NO_RECORD,
  nameOf,
  RESULTS,
  readSettingsRecord,
  type SettingsOutcome,
  type SettingsRecord,
  settingsRecordSchema,
} from '../../formats/settings-record.ts'
import { fingerprint } from '../../formats/ssh-key.ts'
import { heartbeatNow, silentForMs } from '../../runtime/boot-clock.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { printable } from '../../runtime/printable.ts'
import { readBytes } from '../../runtime/text-file.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { readTrust } from '../import/stored.ts'
import { settingsFromCard } from '../provision/card-settings.ts'
import { putDocument } from '../provision/put-document.ts'

/** Milliseconds until somebody is told that nothing happens: a slow board starts the program that long. */
const ANSWER_MS = 120_000
const PACE_MS = 200
/** Of each kind. */
const SHOWN = 5

const applyCommand = defineCommand({
  summary: 'bring a signed settings document by hand',
  details: ['It is checked and installed exactly as one that came by a relay.'],
  arguments: [{ value: 'FILE', help: 'the document that "oobm-relay settings sign" wrote for this device' }],
  examples: ['settings apply tokyo-rack1.settings'],
  exitCodes: { [EXIT.failed]: 'nothing of the document was taken, or only its access' },
  run: async ({ positionals: [file = ''], env, print, paint, clock, signal }) => {
    const bytes = await readBytes(file, EXIT.failed)
    if (bytes.length > DOCUMENT_MAX_BYTES)
      throw new UserError(`${file} has ${bytes.length} bytes; a settings document has at most ${DOCUMENT_MAX_BYTES}`)
    const digest = createHash('sha256').update(bytes).digest('hex')
    const before = (await readRecord(env)).outcomes.at(-1)?.id ?? 0
    // As `NAME.settings`, whatever the file of the person is called.
    const name = `by-hand-${process.pid}-${basename(file)
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(0, 20)}`
    await putDocument(env, name, bytes)
    const outcome = await awaitOutcome({ env, clock, signal }, digest, before)
    print(describeOutcome(outcome, paint))
    return outcome.result === 'refused' || outcome.result === 'partly' ? EXIT.failed : EXIT.ok
  },
})

const cardCommand = defineCommand({
  summary: 'take signed settings documents from the boot partition, and write there what became of them',
  details: [
    'On a card image, oobm-card.service runs this when the device starts.',
    'It takes oobm.settings, oobm-SERIAL.settings and DEVICE.settings, waits until they are decided, and writes oobm-settings.txt beside them.',
  ],
  options: { boot: { value: 'DIR', default: '/boot/firmware', help: 'the boot partition' } },
  exitCodes: { [EXIT.failed]: 'one of them was not taken, or only its access' },
  run: async ({ values, env, print, clock, signal }) => {
    const documents = await settingsFromCard({ boot: resolve(values.boot), env, clock, signal, say: print })
    return documents.every(({ fate }) => fate === 'in-force' || fate === 'confirmed') ? EXIT.ok : EXIT.failed
  },
})

export const settingsCommand = defineCommand({
  summary: 'show settings that came from afar: the last one, what is on trial, what was refused',
  options: { json: { help: 'print one JSON document' } },
  json: settingsRecordSchema.extend({
    ...settingsSchema.shape,
    /** Null where nothing was polled since the start. */
    polled: pollStatusSchema.nullable(),
  }),
  commands: { apply: applyCommand, card: cardCommand },
  run: async ({ values, env, print, paint, clock }) => {
    const record = await readRecord(env)
    const trust = await readTrust(env.OOBM_ROOT ?? '/')
    const polled = (await readPollStatus(directoriesOf('oobm', env).runtime)) ?? null
    const lines = values.json
      ? [JSON.stringify({ ...record, ...trust, polled })]
      : [...describeSettings(record, trust, clock.wallMs(), paint), ...(polled ? describePolled(polled, paint) : [])]
    for (const line of lines) print(line)
    return EXIT.ok
  },
})

export function describeSettings(
  { trial, refused, outcomes }: SettingsRecord,
  { serial, signers }: SettingsTrust,
  nowMs: number,
  paint: Paint,
): string[] {
  const isRefusal = ({ result }: SettingsOutcome) => result === 'refused'
  const taken = outcomes.filter(outcome => !isRefusal(outcome)).slice(-SHOWN)
  const refusals = outcomes.filter(isRefusal).slice(-SHOWN)
  const rows = (list: SettingsOutcome[]) =>
    alignColumns(
      list
        .toReversed()
        .map(({ at, serial, byHand, result, detail }) => [
          `  ${describeAge(at, nowMs)}`,
          nameOf({ serial, byHand }),
          result === 'refused' ? firstLine(detail) : [RESULTS[result], firstLine(detail)].filter(Boolean).join(': '),
        ]),
    )
  return [
    ...alignColumns([
      ['serial number', serial === 0 ? '0: no settings from afar so far' : String(serial)],
      [
        'signers',
        signers.length === 0 ? paint.bad('none: no document can be verified') : signers.map(fingerprint).join(', '),
      ],
      ['on trial', trial === null ? 'nothing' : describeTrial(trial, nowMs)],
      ['refused', `${refused}`],
    ]),
    ...(taken.length === 0 ? [] : ['', paint.strong('The last documents'), ...rows(taken)]),
    ...(refusals.length === 0 ? [] : ['', paint.strong('The last refusals'), ...rows(refusals)]),
  ]
}

export function describePolled({ url, at, result, cause }: PollStatus, paint: Paint): string[] {
  const what = {
    new: 'a new document, handed to oobm-apply',
    unchanged: 'nothing new',
    failed: paint.bad(printable(cause)),
  }
  const age = describeAge(0, silentForMs(at, heartbeatNow()))
  return ['', paint.strong('The address that is polled'), `  ${printable(url)}`, `  ${age}: ${what[result]}`]
}

function describeTrial({ phase, since, cause, ...of }: NonNullable<SettingsRecord['trial']>, nowMs: number): string {
  const age = describeAge(since, nowMs)
  const what = phase === 'trial' ? `installed ${age}; waits for` : `came ${age}, not installed yet`
  return `connectivity of ${nameOf(of)}, ${what}: ${cause}`
}

function describeOutcome({ serial, result, detail }: SettingsOutcome, paint: Paint): string {
  const number = serial === null ? '' : `number ${serial}: `
  const isGood = result !== 'refused' && result !== 'partly'
  const head = `${result}: ${number}${RESULTS[result]}`
  return [isGood ? head : paint.bad(head), printable(detail)].filter(line => line !== '').join('\n')
}

function firstLine(text: string): string {
  return printable(text.split('\n')[0] ?? '')
}

async function readRecord(env: NodeJS.ProcessEnv): Promise<SettingsRecord> {
  return (await readSettingsRecord(settingsRecordPath(env))) ?? NO_RECORD
}

async function awaitOutcome(
  { env, clock, signal }: Pick<CommandContext, 'env' | 'clock' | 'signal'>,
  digest: string,
  afterId: number,
): Promise<SettingsOutcome> {
  const untilMs = clock.nowMs() + ANSWER_MS
  while (!signal.aborted && clock.nowMs() < untilMs) {
    const found = (await readRecord(env)).outcomes.find(outcome => outcome.id > afterId && outcome.digest === digest)
    if (found !== undefined) return found
    await clock.sleep(PACE_MS, signal)
  }
  throw new UserError(
    'oobm-apply does not answer; the document waits for it. See: systemctl status oobm-apply.path oobm-apply',
    EXIT.unavailable,
  )
}
