import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { TestContext } from '../../testbed/suite.ts'
import { dedicatedFleet, letsIn } from '../testing/dedicated-fleet.ts'
import { hostSuite, startThrowawayHost } from '../testing/throwaway-host.ts'

const test = hostSuite('push')
const SLOW = { timeoutMs: 140_000 }

async function scene(context: TestContext) {
  const host = await startThrowawayHost(context)
  return { host, fleet: await dedicatedFleet(host) }
}

test(
  'writes to the disk before it puts in force: write, sync, rename, sync of the folder',
  async context => {
    const { host } = await scene(context)
    await host.sh(
      'strace -f -b execve -y -o /root/fleet/trace -e trace=fsync,rename,renameat,renameat2 node /usr/lib/oobm/oobm-relay.cjs apply --no-systemd --fleet /root/fleet/fleet.toml',
    )
    const calls = readFileSync(join(host.shared, 'trace'), 'utf8').split('\n')
    const swap = calls.findIndex(call => /rename\w*\(.*\/relay\.[0-9a-f]+\.new".*\/relay"/.test(call))
    assert.ok(swap > 0, calls.join('\n'))
    const synced = (from: number, to: number) =>
      calls.slice(from, to).flatMap(call => /fsync\(\d+<(.*)>\)/.exec(call)?.[1] ?? [])
    const before = synced(0, swap)
    const generation = (await host.sh('readlink -f /etc/oobm/relay')).trim()
    const files = (await host.sh(`find ${generation} ! -name 'ssh_host*'`)).trim().split('\n')
    assert.ok(files.length > 10)
    assert.equal(
      files.filter(path => !before.includes(path)),
      [],
      'every file and folder of it',
    )
    assert.ok(before.includes('/etc/oobm/generations'))
    assert.ok(before.includes('/etc/oobm'))
    assert.ok(synced(swap, calls.length).includes('/etc/oobm'), 'the rename itself')
  },
  SLOW,
)

test(
  'push takes the public part over ssh, nothing secret, and applies it there',
  async context => {
    const { host, fleet } = await scene(context)
    // The host's own sshd, as it comes.
    await host.sh(
      'mkdir -p /root/.ssh; cp /root/fleet/alice.pub /root/.ssh/authorized_keys; chmod -R go= /root/.ssh; /usr/sbin/sshd -o UsePAM=no',
    )
    const bin = join(host.shared, 'bin')
    await mkdir(bin)
    // The operator's ssh settings; and what goes over the wire, before it is encrypted.
    await writeFile(
      join(bin, 'ssh'),
      `#!/bin/sh\ntee /root/fleet/sent | /usr/bin/ssh -i /root/fleet/alice -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$@"\n`,
      { mode: 0o755 },
    )
    await host.sh(
      `printf '#!/bin/sh\\nexec node /usr/lib/oobm/oobm-relay.cjs "$@" --no-systemd\\n' > /usr/bin/oobm-relay`,
    )
    const pushed = await host.sh(
      'PATH=/root/fleet/bin:$PATH; node /usr/lib/oobm/oobm-relay.cjs push lon root@127.0.0.1 --fleet /root/fleet/fleet.toml',
    )
    assert.match(pushed, /^done: make the account alice[\s\S]*^host_keys = \["ssh-ed25519 /m)
    assert.ok(await letsIn(host, fleet))
    const sent = readFileSync(join(host.shared, 'sent'), 'utf8')
    assert.match(sent, /"oobmRelayPush":1/)
    const secrets = (await host.sh('cat /root/fleet/secrets/*/*_key | grep -v -e -----'))
      .split('\n')
      .filter(line => line.length > 20)
    assert.ok(secrets.length > 10)
    for (const line of secrets) assert.not(sent.includes(line), 'no line of a private key')
    assert.not.match(sent, /PRIVATE/)
    assert.is(
      await host.sh('grep -rl PRIVATE /etc/oobm /var/lib/oobm'),
      `${(await host.sh('readlink -f /etc/oobm/relay/ssh_host_ed25519_key')).trim()}\n`,
      'but for its own host key',
    )
  },
  SLOW,
)

test.run()
