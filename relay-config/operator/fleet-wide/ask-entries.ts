/** The histories of several relays: the lines of their own `history --json`, checked. */
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import { entrySchema, type HistoryEntry } from '../../relay/history.ts'
import { askRelay, type RelayCall } from '../remote/ssh-to-relay.ts'
import { type Answers, askEach } from './ask-each.ts'

/** @param callTo the `history --json` of a relay */
export function askEntries(
  relays: readonly Relay[],
  callTo: (relay: Relay) => Promise<RelayCall>,
): Promise<Answers<HistoryEntry[]>> {
  return askEach(relays, async (relay, onLogin) => {
    const { code, stdout } = await askRelay({ ...(await callTo(relay)), onLogin })
    const entries = readEntries(stdout)
    if (code === EXIT.ok && entries !== undefined) return entries
    const advice = 'it said why above; where its sudo asks for a password, name it with --relay'
    throw new UserError(`relay ${relay.name} does not say its history: ${advice}`, EXIT.failed)
  })
}

/** @returns undefined for what is not the JSON lines of `history` */
export function readEntries(text: string): HistoryEntry[] | undefined {
  const lines = text.split('\n').filter(line => line !== '')
  const entries = lines.flatMap(line => entryOf(line) ?? [])
  return entries.length === lines.length ? entries : undefined
}

function entryOf(line: string): HistoryEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
