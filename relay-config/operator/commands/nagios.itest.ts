/** `oobm-relay nagios` as a monitoring server runs it: its output is one line, and its exit code 0 to 3, whatever happens. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { programArgs } from '../../../testbed/programs.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, OLD, relayFor, SLOW } from '../../testing/device-commands.ts'

const test = suite('oobm-relay nagios')

const REPORT = {
  ...{ v: 1, state: 'ready', cause: '', sinceS: 9, proofS: 3, tookMs: 1, probeMs: 2, changes: [] },
  ...{ sessions: { shell: 0, console: 0 }, software: '1', uplink: null, consoles: [] },
}

test(
  'says in one line how a device and the fleet are; a wrong command line and a relay that is not there are UNKNOWN',
  async context => {
    const relay = await relayFor(context)
    const fleet = join(await scratchDirectory(context), 'fleet.toml')
    await writeFile(fleet, relay.fleetText)
    const run = async (...args: string[]) => {
      const { code, stdout } = await runProgram(process.execPath, [
        ...programArgs('relay-config/main.ts'),
        ...['nagios', ...args, '--fleet', fleet],
      ])
      return `${code} ${stdout}`
    }
    const state = ['--state', join(relay.stateDirectory, '..')]
    const { master, claim } = await connection(context, relay, 'tokyo')
    ask(await claim(OLD), `report ${JSON.stringify(REPORT)}`)
    await waitFor('the report', async () => /^0 OK - tokyo: ready/.test(await run('tokyo', ...state)))
    assert.match(
      await run('tokyo', '-w', '1s', ...state),
      /^1 WARNING - tokyo: ready, but proved \d+s ago \| proof_age=\d+s;1;;0 [^\n]*\n$/,
    )
    assert.match(await run(...state), /^0 OK - 1 of 2 proved; never connected: osaka \| proved=1;;;0;2 [^\n]*\n$/)
    assert.match(await run('osaka', ...state), /^3 UNKNOWN - osaka: was never connected\n$/)
    assert.match(await run('--checkmk', ...state), /^0 0 "oobm tokyo" [^\n]*\n3 "oobm osaka" - [^\n]*\n$/m)
    await master.stop()
    await waitFor('the loss', async () =>
      /^2 CRITICAL - tokyo: nobody can get in: away/.test(await run('tokyo', ...state)),
    )

    const wrong: [args: string[], says: RegExp][] = [
      [['kyoto', ...state], /^3 UNKNOWN - "kyoto" is not a device of [^\n]*\n$/],
      [['tokyo', '--console', 'sw9', ...state], /^3 UNKNOWN - "sw9" is not a console of tokyo\n$/],
      [['--console', 'sw9', ...state], /^3 UNKNOWN - [^\n]*--console needs DEVICE/],
      [['tokyo', '--bogus'], /^3 UNKNOWN - [^\n]*unknown option [^\n]*\n$/],
      [['tokyo', '-w', 'soon', ...state], /^3 UNKNOWN - [^\n]*--warning takes a time such as/],
      [['tokyo', '--state', '/nonexistent'], /^3 UNKNOWN - \/nonexistent is not the directory of a relay/],
      // By ssh to a login that takes no key of this user.
      [['tokyo', '--host', 'nobody@127.0.0.1', '-t', '20s'], /^3 UNKNOWN - [^\n]+\n$/],
    ]
    for (const [args, says] of wrong) assert.match(await run(...args), says)
  },
  SLOW,
)

test.run()
