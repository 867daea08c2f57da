import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../../../testbed/make-key.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import { dedicatedFleetText } from '../../testing/dedicated-fleet-text.ts'
import { askSshd } from '../apply/sshd-service.ts'
import { relayPaths } from '../relay-paths.ts'
import { renderRelaySshdConfig } from './relay-sshd-config.ts'

const test = suite('the meaning of a relay’s sshd_config to sshd')

/** What no login gets. */
const NOBODY = {
  allowstreamlocalforwarding: 'no',
  allowagentforwarding: 'no',
  x11forwarding: 'no',
  gatewayports: 'no',
  permittunnel: 'no',
  permituserenvironment: 'no',
  permituserrc: 'no',
  permitrootlogin: 'no',
  permitemptypasswords: 'no',
  kbdinteractiveauthentication: 'no',
  hostbasedauthentication: 'no',
  compression: 'no',
  hostkeyalgorithms: 'ssh-ed25519',
  pubkeyauthentication: 'yes',
}

/** By role: a device, a technician who jumps, one who also logs in, and an account of the host. */
const ROLES: Record<string, Record<string, string | RegExp>> = {
  'oobm-device': {
    ...{ allowtcpforwarding: 'yes', permittty: 'no', passwordauthentication: 'no', forcecommand: 'none' },
    // The lines of authorized_keys say the rest, a device each.
    ...{ permitopen: 'any', permitlisten: 'any', maxsessions: '4', unusedconnectiontimeout: '120' },
  },
  alice: {
    // Asked as all are where somebody may have one: hers fits none.
    ...{ allowtcpforwarding: 'local', permittty: 'no', passwordauthentication: 'yes' },
    ...{
      forcecommand: /^exec \S+\/oobm-technician-command \S+\/devices tokyo:20101:\+$/,
      permitopen: '127.0.0.1:20101',
    },
    ...{ permitlisten: 'none', maxsessions: '4' },
  },
  bob: {
    ...{ allowtcpforwarding: 'local', permittty: 'yes', passwordauthentication: 'yes' },
    ...{ forcecommand: /^exec \S+\/oobm-login( |$)/, permitopen: '127.0.0.1:20103', permitlisten: 'none' },
    maxsessions: '4',
  },
  root: { allowtcpforwarding: 'no', permittty: 'no', passwordauthentication: 'yes', forcecommand: 'none' },
}

test('each role gets its own settings, and nothing else', async context => {
  const root = await scratchDirectory(context)
  const paths = relayPaths(root)
  await mkdir(dirname(paths.hostKey), { recursive: true })
  const alice = await makeKey(root, 'alice')
  const bob = await makeKey(root, 'bob')
  const fleet = parseFleet('fleet.toml', dedicatedFleetText({ alice: alice.publicKey, bob: bob.publicKey }))
  const [relay] = fleet.relays
  assert.ok(relay)
  const config = join(root, 'sshd_config')
  await writeFile(config, renderRelaySshdConfig(fleet, relay, paths, (await askSshd()).features))
  for (const [user, expected] of Object.entries(ROLES)) {
    const who = `user=${user},host=h,addr=192.0.2.1`
    const script = `PATH=$PATH:/usr/sbin; exec sshd -T -C ${who} -f '${config}' -h '${alice.path}'`
    const { code, stdout, stderr } = await runProgram('sh', ['-c', script])
    assert.is(code, 0, stderr)
    const lines = stdout.split('\n').map(line => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)] as const)
    const settings = new Map(lines)
    assert.match(stdout, /^allowusers oobm-device\nallowusers alice\nallowusers bob$/m)
    for (const [name, value] of Object.entries({ ...NOBODY, ...expected })) {
      const got = settings.get(name) ?? ''
      if (typeof value === 'string') assert.is(got, value, `${user}: ${name}`)
      else assert.match(got, value, `${user}: ${name}`)
    }
  }
})

test.run()
