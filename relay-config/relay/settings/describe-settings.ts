/** A device's settings document as a person reads of it; pure. Texts of devices are cleaned of what a terminal obeys. */
import { describeDuration } from '../../../cli/times.ts'
import { printable } from '../../../runtime/printable.ts'
import type { SettingsView } from './settings-view.ts'

/** Seconds in which a device that is connected, and knows signed settings, has come for a document. */
const COMES_WITHIN_S = 30

/** Whether nothing more happens to it by itself. */
export function isDecided({ state }: SettingsView): boolean {
  return ['applied', 'partly', 'reverted', 'refused'].includes(state)
}

/** One line for each device, in columns. */
export function describeSettings(views: readonly SettingsView[]): string[] {
  const width = Math.max(0, ...views.map(({ device }) => device.length))
  const serialWidth = Math.max(0, ...views.map(view => serialOf(view).length))
  return views.map(view => `${view.device.padEnd(width)}  ${serialOf(view).padEnd(serialWidth)}  ${describe(view)}`)
}

/** The same of one device, without its name. */
export function settingsText(view: SettingsView): string {
  return `${serialOf(view)}: ${describe(view)}`
}

function serialOf({ document }: SettingsView): string {
  return document === undefined ? '-' : `serial ${document.serial}`
}

function describe(view: SettingsView): string {
  const { state, agoS = 0, answer } = view
  const since = describeDuration(agoS * 1000)
  const cause = answer && answer.cause !== '' ? `: ${printable(answer.cause, 400)}` : ''
  switch (state) {
    case 'none':
      return `nothing was pushed to it here${acceptedBefore(view)}`
    case 'waiting':
      return `waiting for the device for ${since}: ${whyWaiting(view)}`
    case 'sent':
      return `sent ${since} ago; the device has not said what became of it`
    case 'delivered':
      return `delivered ${since} ago, not applied${cause}`
    case 'trial':
      return `on trial for ${since}${cause}`
    case 'applied':
      return `applied ${since} ago${cause}`
    case 'partly':
      return `applied in part ${since} ago, who gets in is in force and the connectivity was refused${cause}`
    case 'reverted':
      return `reverted ${since} ago, the earlier connectivity is in force${cause}`
    case 'refused':
      return `refused ${since} ago${cause}`
    default:
      return state satisfies never
  }
}

function whyWaiting(view: SettingsView): string {
  const { connected, seenAgoS, software, agoS = 0 } = view
  if (!connected) {
    const seen = seenAgoS === undefined ? 'was never there' : `last reported ${describeDuration(seenAgoS * 1000)} ago`
    return `it is not connected here, and ${seen}${acceptedBefore(view)}`
  }
  if (agoS < COMES_WITHIN_S) return 'it is connected, and was told'
  const version = software === undefined ? '' : ` (${printable(software, 40)})`
  return `it is connected, and does not come for it: its software${version} may not know signed settings`
}

function acceptedBefore({ answer }: SettingsView): string {
  return answer?.accepted ? `; it has serial ${answer.accepted}` : ''
}
