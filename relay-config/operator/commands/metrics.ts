/** `oobm-relay metrics`: the fleet for Prometheus, by way of node_exporter's textfile collector. */
import { EXIT, errorMessage, UserError } from '../../../runtime/errors.ts'
import { writeAtomically } from '../../../runtime/write-atomically.ts'
import { unheard } from '../../relay/state/describe-fleet.ts'
import { describeMetrics } from '../../relay/state/describe-metrics.ts'
import { STATE_OPTIONS } from '../../relay/state/state-paths.ts'
import type { Command } from '../command.ts'
import { AT_RELAY_OPTIONS } from '../remote/at-relay.ts'
import { readFleet } from './status.ts'

export const metrics: Command = {
  usage: '[--out FILE] [--relay NAME | --root DIR | --state DIR]',
  summary: 'the same as a Prometheus textfile',
  options: {
    ...AT_RELAY_OPTIONS,
    ...STATE_OPTIONS,
    out: {
      type: 'string',
      value: 'FILE',
      help: 'replace this file as a whole, such as …/textfile_collector/oobm.prom',
    },
  },
  atRelay: {},
  run: async input => {
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
      await writeAtomically(String(out), text, 0o644)
    } catch (err) {
      throw new UserError(`${out} cannot be written: ${errorMessage(err)}`, EXIT.failed, { cause: err })
    }
    return EXIT.ok
  },
}
