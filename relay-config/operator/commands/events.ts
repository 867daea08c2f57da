/** `oobm-relay events`: tells a NOC what happens at this relay, by syslog, webhooks or commands. */

import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { systemClock } from '../../../runtime/clock.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { reasonOf } from '../../../runtime/unexpected.ts'
import type { Fleet } from '../../fleet/fleet-config.ts'
import { readState } from '../../relay/apply/relay-state.ts'
import { KINDS, type RelayEvent } from '../../relay/events/event.ts'
import { EVENTS_FILE, parseEventsConfig } from '../../relay/events/events-config.ts'
import { readEventsState, writeEventsState } from '../../relay/events/events-state.ts'
import { NewsReader } from '../../relay/events/read-news.ts'
import { runEvents } from '../../relay/events/run-events.ts'
import type { Sink } from '../../relay/events/sink.ts'
import { openSink } from '../../relay/events/sinks/open-sink.ts'
import { relayPaths } from '../../relay/relay-paths.ts'
import { STATE_OPTIONS, statePathsOf } from '../../relay/state/state-paths.ts'
import { defineCommand } from '../command.ts'
import { FleetReader } from '../fleet-file.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { readFleet } from './status.ts'

export const events = defineCommand({
  summary: 'tell a NOC what happens at this relay, by syslog, webhooks or commands, until ended',
  details: [
    'What is told, and to whom, is in FILE: see docs/monitoring.md.',
    'The package’s oobm-relay-events.service runs it on a relay.',
  ],
  options: {
    config: {
      value: 'FILE',
      default: EVENTS_FILE,
      help: `the file that names the sinks; ${EVENTS_FILE} when not given`,
    },
    test: { help: 'send one event to each sink, say whether it was taken, and end' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  examples: ['events --test'],
  exitCodes: { 1: 'With --test: a sink did not take the event.', 78: 'FILE, or what it names, cannot be used.' },
  atRelay: {
    onlyThere: ({ test }) => (test ? undefined : 'events runs on the relay: systemctl enable --now oobm-relay-events'),
  },
  run: async input => {
    const { values, print, signal } = input
    const config = parseEventsConfig(values.config, await readConfig(values.config))
    const sinks = new Map<string, Sink>()
    for (const sink of config.sinks) sinks.set(sink.name, await openSink(sink))
    const fleetReader = new FleetReader(input.files.fleet)
    const relay = await nameOf(await fleetReader.read())
    if (values.test) return testAll(sinks, relay, print, signal)
    const tell = (text: string) => void process.stderr.write(`oobm-relay events: ${text}\n`)
    const paths = statePathsOf(values)
    const news = new NewsReader(paths)
    await runEvents(
      {
        ...{ relay, config, sinks, tell, clock: systemClock, random: Math.random },
        state: await readEventsState(paths.events),
        save: state => writeEventsState(paths.events, state),
        readNews: (marks, devices) => news.read(marks, devices),
        look: async () => {
          const fleet = await fleetReader.read()
          return { fleet, views: await readFleet({ ...input, fleet, positionals: [] }, Date.now()) }
        },
      },
      signal,
    )
    return EXIT.ok
  },
})

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (err) {
    const advice = 'docs/monitoring.md has an example'
    throw new UserError(`${file} cannot be read: ${reasonOf(err)}; ${advice}`, EXIT.configuration, { cause: err })
  }
}

/** The relay's name in the fleet file; of a shared one among several, the name of the host. */
async function nameOf({ relays }: Fleet): Promise<string> {
  const [only, second] = relays
  if (only !== undefined && second === undefined) return only.name
  const state = await readState(relayPaths()).catch(() => undefined)
  return state?.relay ?? hostname()
}

async function testAll(
  sinks: ReadonlyMap<string, Sink>,
  relay: string,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const at = new Date().toISOString()
  const event: RelayEvent = {
    ...{ version: 1, id: `test.${at}`, event: 'test', severity: KINDS.test.severity, at, relay },
    text: `a test from relay ${relay}: nothing has happened`,
  }
  let isAll = true
  for (const [name, sink] of sinks) {
    const { problem } = await sink.deliver([event], signal)
    print(`${name}: ${problem === undefined ? 'taken' : `not taken: ${problem.text}`}`)
    if (problem !== undefined) isAll = false
  }
  return isAll ? EXIT.ok : EXIT.failed
}
