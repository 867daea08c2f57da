/** `oobm-relay settings show`: which document waits for which device, and what became of it. */
import { usageError } from '../../../../cli/command.ts'
import { nameSchema } from '../../../../formats/names.ts'
import { EXIT } from '../../../../runtime/errors.ts'
import { asciiJson } from '../../../../runtime/printable.ts'
import { describeSettings } from '../../../relay/settings/describe-settings.ts'
import { type SettingsView, settingsViewSchema } from '../../../relay/settings/settings-view.ts'
import { STATE_OPTIONS } from '../../../relay/state/state-paths.ts'
import { type BareInput, type CommandInput, defineCommand, withFleet } from '../../command.ts'
import { AT_RELAY_OPTIONS } from '../../remote/at-relay.ts'
import { devicesNamed } from '../../settings/devices-named.ts'
import { gatherViews } from '../../settings/gather-views.ts'
import { localMailbox, type RelayMailbox, remoteMailbox } from '../../settings/relay-mailbox.ts'
import { waitOf } from '../../settings/wait-option.ts'

export const show = defineCommand({
  summary: 'show which signed settings wait for which device, and what became of them',
  arguments: [{ value: 'DEVICE', isOptional: true, isRepeated: true, help: 'the devices; all when not given' }],
  options: {
    wait: { value: 'TIME', help: 'wait up to this time, such as 90s, until each device has applied or refused them' },
    json: { help: 'print a line of JSON for each device, and with --wait for each change' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  json: settingsViewSchema,
  exitCodes: { 1: 'With --wait and without --json: not every device has applied its settings.' },
  atRelay: {
    each: true,
    gather: (input, relays) => {
      const host = input.values.host === undefined ? undefined : String(input.values.host)
      return showAll(
        input,
        devicesNamed(input),
        relays.map(relay => remoteMailbox(relay, host, input.signal)),
      )
    },
  },
  run: async input => {
    // A relay is asked for devices by name, and then needs no fleet file.
    for (const name of input.positionals) if (!nameSchema.safeParse(name).success) usageError(`"${name}" is not a name`)
    const mailbox = localMailbox(input.values)
    if (input.positionals.length > 0) return showAll(input, input.positionals, [mailbox])
    return withFleet((whole: CommandInput) => showAll(whole, devicesNamed(whole), [mailbox]))(input)
  },
})

const isApplied = (views: readonly SettingsView[], device: string) =>
  views.some(view => view.device === device && view.state === 'applied')

async function showAll(
  { values, print, signal }: BareInput,
  devices: readonly string[],
  mailboxes: readonly RelayMailbox[],
): Promise<number> {
  const waitMs = waitOf(values)
  const onView = (view: SettingsView) => {
    if (values.json && waitMs > 0) print(asciiJson(view))
  }
  const { views, code } = await gatherViews(mailboxes, devices, { waitMs, onView, signal })
  if (values.json && waitMs === 0) for (const view of views) print(asciiJson(view))
  if (!values.json) for (const line of describeSettings(views)) print(line)
  // A relay may say nothing of a device.
  const isMissed = waitMs > 0 && !values.json && devices.some(device => !isApplied(views, device))
  return Math.max(code, isMissed ? EXIT.failed : EXIT.ok)
}
