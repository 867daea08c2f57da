/** `oobm-relay metrics`: the fleet for Prometheus, for node_exporter's textfile collector. */
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { unheard } from '../../relay/state/describe-fleet.ts'
import { describeMetrics } from '../../relay/state/describe-metrics.ts'
import { STATE_OPTIONS } from '../../relay/state/state-paths.ts'
import { defineCommand, withFleet } from '../command.ts'
import { askViews } from '../fleet-wide/ask-views.ts'
import { mergeViews } from '../fleet-wide/merge-views.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { readFleet, viewsCall } from './status.ts'

export const metrics = defineCommand({
  summary: 'print the state of the devices for Prometheus, in node_exporter’s textfile format',
  options: {
    out: { value: 'FILE', help: 'replace FILE as a whole, such as .../textfile_collector/oobm.prom' },
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
  },
  atRelay: {
    merge: async (input, relays, fleetText) => {
      const { answers, code } = await askViews(relays, viewsCall({ ...input, positionals: [] }, fleetText))
      const views = mergeViews(answers.map(({ relay, answer }) => ({ relay: relay.name, views: answer })))
      const answered = new Map(relays.map(relay => [relay.name, answers.some(one => one.relay === relay)]))
      input.print(describeMetrics(views, Date.now(), answered).trimEnd())
      return code
    },
  },
  run: withFleet(async input => {
    const nowMs = Date.now()
    const states = await readFleet({ ...input, positionals: [] }, nowMs)
    for (const line of unheard(states)) process.stderr.write(`oobm-relay metrics: ${line}\n`)
    const text = describeMetrics(states, nowMs)
    const { out } = input.values
    if (out === undefined) {
      input.print(text.trimEnd())
      return EXIT.ok
    }
    try {
      await writeAtomically(out, text, 0o644)
    } catch (err) {
      throw new UserError(`${out} cannot be written: ${errorMessage(err)}`, EXIT.failed, { cause: err })
    }
    return EXIT.ok
  }),
})
