/** `oobm hotspot`: how the hotspot of this board stands; switches it on and off. */
import * as z from 'zod'
import { usageError } from '../../cli/command.ts'
import { openQuestions } from '../../cli/questions.ts'
import { provisioningDirectory } from '../../formats/directories.ts'
import { readHotspotSpec } from '../../formats/hotspot.ts'
import { hotspotStateSchema } from '../../formats/status-file.ts'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { asciiJson } from '../../runtime/printable.ts'
import { type CommandInput, defineCommand } from '../command.ts'
import { ask, runningSupervisor, watchSupervisor } from '../daemons/ask-supervisor.ts'
import { describeHotspot } from '../daemons/describe-hotspot.ts'

/** Milliseconds until the radio has changed: on a slow board oobm-apply alone takes 20 s to start. */
const LIMIT_MS = 120_000
/** Milliseconds for which what was wrong before may still be shown. */
const HEARD_MS = 10_000

type Hotspot = z.output<typeof hotspotStateSchema>

const options = { json: { help: 'print one JSON document' } } as const
const json = z.object({ version: z.literal(1), hotspot: hotspotStateSchema })
const EXIT_CODES = {
  [EXIT.ok]: 'It is so.',
  [EXIT.failed]: 'It was refused, or the radio does not do it: the message says why.',
  [EXIT.unavailable]: 'The supervisor does not answer, or the settings have no hotspot.',
}

async function show({ values, env, print, paint, clock }: CommandInput<{ json?: boolean | undefined }>) {
  const hotspot = await hotspotOf(env)
  if (values.json) print(asciiJson({ version: 1, hotspot }))
  else for (const line of describeHotspot(hotspot, clock.wallMs(), paint)) print(line)
  return EXIT.ok
}

const onCommand = defineCommand({
  summary: 'make the board a hotspot now; its radio leaves the network that it is in',
  details: [
    'It ends by itself: where a way out is proved, and otherwise to look for its networks, each time when nobody was on it for 5 minutes.',
    'While settings or a system upgrade are on trial it is refused: they are judged by the way out.',
    'Only an administrator may use it, by sudo.',
  ],
  options: { yes: { short: 'y', help: 'ask nothing: sessions through this Wi-Fi are cut off' } },
  exitCodes: EXIT_CODES,
  run: async input => {
    const { values, env, print, signal } = input
    const before = await switchable(env, 'on')
    if (before.isOn) return said(input, before)
    if (await isWayOut(env)) {
      print(
        `The radio ${before.interface} leaves its network. Sessions through it end, this one too, if it comes that way.`,
      )
      print('When nobody was on the hotspot for 5 minutes, the board looks for its networks again.')
      if (!values.yes) {
        if (process.stdin.isTTY !== true)
          usageError('nobody can be asked here: --yes says that sessions may be cut off')
        const questions = openQuestions({ values, signal })
        try {
          if (!(await questions.confirm('Go on?'))) throw new UserError('nothing was changed')
        } finally {
          questions.close()
        }
      }
    }
    return turn(input, 'on')
  },
})

const offCommand = defineCommand({
  summary: 'end the hotspot now; its radio looks for the networks that it knows',
  details: ['Where it starts by itself, it does so again when no way out is proved for 5 minutes.'],
  options: {},
  exitCodes: EXIT_CODES,
  run: async input => {
    const before = await switchable(input.env, 'off')
    if (!before.isOn) return said(input, before)
    return turn(input, 'off')
  },
})

export const hotspotCommand = defineCommand({
  summary: 'show the hotspot of this board, and switch it on or off',
  details: ['It is a Wi-Fi of the board itself, for those beside it: [hotspot] in oobm.toml (docs/hotspot.md).'],
  options,
  json,
  commands: {
    show: defineCommand({
      summary: 'show whether it is on, who is on it, and what comes next',
      options,
      json,
      run: show,
    }),
    on: onCommand,
    off: offCommand,
  },
  run: show,
})

async function turn(input: CommandInput, to: 'on' | 'off'): Promise<number> {
  const { env, clock } = input
  const startedMs = clock.nowMs()
  const takeBack = await ask(env, 'hotspot', to)
  try {
    const after = await watchSupervisor(input, LIMIT_MS, ({ hotspot }) => {
      if (hotspot === undefined || hotspot.isOn === (to === 'on')) return hotspot ?? 'gone'
      return hotspot.problem !== '' && clock.nowMs() - startedMs > HEARD_MS ? hotspot : undefined
    })
    if (after === 'gone') throw new UserError(NONE, EXIT.unavailable)
    if (after === undefined)
      throw new UserError(
        `nothing has happened in ${LIMIT_MS / 1000} s; see: journalctl -u oobm-supervisor -u oobm-apply -n 30`,
      )
    if (after.isOn !== (to === 'on'))
      throw new UserError(`the hotspot stays ${after.isOn ? 'on' : 'off'}: ${after.problem}`)
    return said(input, after)
  } finally {
    await takeBack()
  }
}

const NONE =
  'the settings of this device have no hotspot: [hotspot] in oobm.toml, with enabled = true and a passphrase (docs/hotspot.md)'

async function hotspotOf(env: NodeJS.ProcessEnv): Promise<Hotspot> {
  const spec = await readHotspotSpec(provisioningDirectory(env))
  if (spec === undefined) throw new UserError(NONE, EXIT.unavailable)
  const { hotspot } = await runningSupervisor(env)
  if (hotspot === undefined)
    throw new UserError('the supervisor has not seen the hotspot yet: try again in 5 seconds', EXIT.unavailable)
  return hotspot
}

async function switchable(env: NodeJS.ProcessEnv, to: string): Promise<Hotspot> {
  if (env.OOBM_ROOT === undefined && process.getuid?.() !== 0)
    throw new UserError(`only an administrator switches the hotspot: sudo oobm hotspot ${to}`, EXIT.usage)
  return hotspotOf(env)
}

/** Whether the radio may carry somebody's session: its tunnel, or where nobody says by what it goes. */
async function isWayOut(env: NodeJS.ProcessEnv): Promise<boolean> {
  const { relay, uplinks = [], hotspot } = await runningSupervisor(env)
  if (hotspot?.isAlsoClient !== true) return false
  const carrying = uplinks.find(({ carries }) => carries)
  return uplinks.some(({ name }) => name === hotspot.interface) || (relay !== null && carrying === undefined)
}

function said({ print, paint, clock }: Pick<CommandInput, 'print' | 'paint' | 'clock'>, hotspot: Hotspot): number {
  for (const line of describeHotspot(hotspot, clock.wallMs(), paint)) print(line)
  return EXIT.ok
}
