/** `oobm-relay nagios`: a device, a console or the fleet for Nagios, Icinga and CheckMK. */
import { usageError } from '../../../cli/command.ts'
import { parseDuration } from '../../../cli/times.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { within } from '../../../runtime/waiting.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import type { DeviceView } from '../../relay/state/device-view.ts'
import {
  checkmkLine,
  HEALTH,
  type Judgement,
  judgeConsole,
  judgeDevice,
  judgeFleet,
  type Limits,
  pluginLine,
} from '../../relay/state/judge-health.ts'
import { STATE_OPTIONS } from '../../relay/state/state-paths.ts'
import { type CommandInput, defineCommand, deviceOf, withFleet } from '../command.ts'
import { readFleetText } from '../fleet-file.ts'
import { askViews } from '../fleet-wide/ask-views.ts'
import { mergeViews } from '../fleet-wide/merge-views.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { readFleet, viewsCall } from './status.ts'

export const nagios = defineCommand({
  summary: 'judge a device, a console or the fleet in one line for Nagios, Icinga or CheckMK',
  details: [
    'It prints one line with performance data; what goes wrong is UNKNOWN, too.',
    'The package has it as /usr/lib/nagios/plugins/check_oobm.',
  ],
  arguments: [{ value: 'DEVICE', isOptional: true, help: 'judge this device; the whole fleet when not given' }],
  options: {
    console: { value: 'CONSOLE', help: 'judge this console of DEVICE' },
    warning: { value: 'AGE', short: 'w', help: 'warn if the last proof is older, such as 5h' },
    critical: { value: 'AGE', short: 'c', help: 'the same, as critical' },
    timeout: {
      value: 'TIME',
      short: 't',
      default: '30s',
      help: 'give up after this time, as UNKNOWN; 30s when not given',
    },
    checkmk: { help: 'print a line for each device and console, as a local check of CheckMK’s agent' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  examples: ['nagios tokyo-rack1 -w 5h', 'nagios tokyo-rack1 --console core-sw1', 'nagios --checkmk'],
  exitCodes: {
    0: 'OK; with --checkmk, whatever the lines say.',
    1: 'WARNING: a console is closed, access is off, or the proof is old.',
    2: 'CRITICAL: nobody can get in, or CONSOLE is closed.',
    3: 'UNKNOWN: the device was never connected, a relay could not be asked, or the command is wrong.',
  },
  onFailure: (message, print) => {
    print(pluginLine({ health: HEALTH.unknown, text: message.split('\n')[0] ?? '', figures: [] }))
    return HEALTH.unknown
  },
  atRelay: {
    ofDevice: true,
    gather: async (input, relays) => {
      const text = await readFleetText(input.files.fleet)
      return judged(input, async signal => {
        const { answers, missing } = await askViews(relays, viewsCall({ ...input, signal }, text))
        const said = answers.map(({ relay, answer }) => ({ relay: relay.name, views: answer }))
        if (said.length === 0) throw new UserError(`could not be asked: ${namesOf(missing)}`, EXIT.unavailable)
        return { views: mergeViews(said), missing: missing.map(({ name }) => name) }
      })
    },
  },
  run: withFleet(input =>
    judged(input, async signal => ({ views: await readFleet({ ...input, signal }, Date.now()), missing: [] })),
  ),
})

const namesOf = (relays: readonly Relay[]) => relays.map(({ name }) => name).join(', ')

async function judged(
  input: CommandInput,
  ask: (signal: AbortSignal) => Promise<{ views: readonly DeviceView[]; missing: readonly string[] }>,
): Promise<number> {
  const { values, positionals, print, fleet, signal } = input
  const device = positionals.length > 0 ? deviceOf(input) : undefined
  const name = values.console === undefined ? undefined : String(values.console)
  if (name !== undefined && device === undefined) usageError('--console needs DEVICE')
  if (name !== undefined && !device?.consoles.some(console => console.name === name))
    throw new UserError(`"${name}" is not a console of ${device?.name}`, EXIT.usage)
  const [warningMs, criticalMs] = [durationOf('warning', values.warning), durationOf('critical', values.critical)]
  const timeoutMs = durationOf('timeout', values.timeout) ?? 0
  const outcome = await within(timeoutMs, [signal], ask)
  if (outcome.kind !== 'done') throw new UserError(`no answer within ${values.timeout}`, EXIT.unavailable)
  const { views, missing } = outcome.value
  const limits: Limits = { nowMs: Date.now(), warningMs, criticalMs, missing }
  if (values.checkmk) {
    for (const view of views) {
      print(checkmkLine(view.device, judgeDevice(view, limits)))
      const listed = fleet.devices.find(({ name }) => name === view.device)?.consoles ?? []
      for (const { name } of listed) print(checkmkLine(`${view.device} ${name}`, judgeConsole(view, name, limits)))
    }
    return EXIT.ok
  }
  const judgement = judge(views, device?.name, name, limits)
  print(pluginLine(judgement))
  return judgement.health
}

function judge(
  views: readonly DeviceView[],
  device: string | undefined,
  console: string | undefined,
  limits: Limits,
): Judgement {
  if (device === undefined) return judgeFleet(views, limits)
  const view = views.find(one => one.device === device)
  if (view === undefined) throw new UserError(`no relay speaks of ${device}`, EXIT.unavailable)
  return console === undefined ? judgeDevice(view, limits) : judgeConsole(view, console, limits)
}

function durationOf(option: string, text: unknown): number | undefined {
  if (text === undefined) return undefined
  return parseDuration(String(text)) ?? usageError(`--${option} takes a time such as 30s, 5m or 5h`)
}
