import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ConfigurationError } from '../runtime/errors.ts'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { type Fleet, parseFleet } from './fleet/fleet-config.ts'
import { askSshd } from './relay/apply/sshd-service.ts'
import { desiredRelay } from './relay/dedicated/desired-relay.ts'
import { relayPaths } from './relay/relay-paths.ts'
import { fleetText, KEY } from './testing/hostile-fleet.ts'
import { randomFrom } from './testing/random.ts'

const test = suite('hostile fleets and sshd')
const RELAYS = 60

function* goodFleets(): Generator<Fleet> {
  for (let seed = 20_001; ; seed++) {
    try {
      yield parseFleet('fleet.toml', fleetText(randomFrom(seed)))
    } catch (err) {
      if (!(err instanceof ConfigurationError)) throw err
    }
  }
}

test(
  'sshd accepts the relay that is rendered, whatever is in the file',
  async context => {
    const directory = await scratchDirectory(context)
    const hostKey = await makeKey(directory, 'host_key')
    const sshd = await askSshd()
    let looked = 0
    for (const fleet of goodFleets()) {
      const deviceKeys = new Map(fleet.devices.map(({ name }) => [name, { relayKey: KEY, bridgeHostKey: KEY }]))
      for (const relay of fleet.relays.filter(({ accounts }) => accounts === 'dedicated')) {
        const desired = desiredRelay({ fleetText: '', fleet, relay, deviceKeys }, relayPaths(), sshd)
        const config = desired.files.get('sshd_config') ?? ''
        assert.match(config, /^HostKey /m)
        const file = join(directory, 'sshd_config')
        await writeFile(file, config.replace(/^HostKey .*$/m, `HostKey ${hostKey.path}`))
        const { code, stderr } = await runProgram(sshd.path, ['-t', '-f', file])
        assert.is(code, 0, `${stderr}\n${config}`)
        if (++looked === RELAYS) return
      }
    }
  },
  { timeoutMs: 120_000 },
)

test.run()
