/** A relay is lost with its host key: what the operator keeps brings it back, so that no device and no technician sees a difference. */
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseProvisioning } from '../../formats/provisioning.ts'
import { runProgram } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { dedicatedFleet, PORT } from '../testing/dedicated-fleet.ts'
import { hostSuite, startThrowawayHost, type ThrowawayHost } from '../testing/throwaway-host.ts'

const test = hostSuite('a lost relay')
const SLOW = { timeoutMs: 400_000 }
const PASSPHRASE = 'correct horse; battery $(staple)'

/** A host with its own sshd, and the operator, who comes from the host itself: what the network does is another test's. */
async function hostFor(context: TestContext): Promise<ThrowawayHost> {
  const host = await startThrowawayHost(context)
  await host.sh('mkdir /usr/lib/oobm/forced-commands; cp /usr/lib/oobm/oobm-*-command /usr/lib/oobm/forced-commands')
  const bin = join(host.shared, 'bin')
  await mkdir(bin)
  const options = '-F none -i /root/fleet/alice -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n`, { mode: 0o755 })
  return host
}

const openSshd = (host: ThrowawayHost) =>
  host.sh(
    'mkdir -p /root/.ssh; cp /root/fleet/alice.pub /root/.ssh/authorized_keys; chmod -R go= /root/.ssh; /usr/sbin/sshd -o UsePAM=no',
  )

const push = (host: ThrowawayHost, ...args: string[]) =>
  host.run('env', [
    'PATH=/root/fleet/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'node',
    '/usr/lib/oobm/oobm-relay.cjs',
    'push',
    'lon',
    'root@127.0.0.1',
    '--no-systemd',
    '--fleet',
    '/root/fleet/fleet.toml',
    ...args,
  ])

/** A device's real key, the host key that its issued file pins, and nothing else. */
async function deviceGetsIn(host: ThrowawayHost): Promise<string> {
  const issued = await readFile(join(host.shared, 'secrets/osaka/oobm.toml'), 'utf8')
  const [relay] = parseProvisioning('oobm.toml', issued).config.relays
  await writeFile(
    join(host.shared, 'pinned'),
    (relay?.hostKeys ?? []).map(key => `[127.0.0.1]:${PORT} ${key}\n`).join(''),
  )
  const { stdout, stderr } = await host.run('/usr/bin/ssh', [
    ...['-F', 'none', '-T', '-i', '/root/fleet/secrets/osaka/relay_key', '-p', String(PORT), '-o', 'BatchMode=yes'],
    ...['-o', 'StrictHostKeyChecking=yes', '-o', 'UserKnownHostsFile=/root/fleet/pinned', 'oobm-device@127.0.0.1', 'x'],
  ])
  return stdout + stderr
}

test(
  'push keeps a copy of a dedicated relay’s host key, and restores it on the host that replaces it',
  async context => {
    const first = await hostFor(context)
    const fleet = await dedicatedFleet(first)
    await openSshd(first)
    const passphrase = join(first.shared, 'passphrase')
    await writeFile(passphrase, `${PASSPHRASE}\n`)
    const unasked = await push(first)
    assert.is(unasked.code, 0, unasked.stderr)
    assert.match(
      unasked.stderr,
      /^oobm-relay push: no copy of this relay's host key is kept: .*run push in a terminal/m,
    )
    const line = /^host_keys = .*$/m.exec(unasked.stdout)?.[0] ?? ''
    await fleet.write(text => text.replace('host = "192', `${line}\nhost = "192`))
    const kept = await push(first, '--passphrase-file', '/root/fleet/passphrase')
    assert.is(kept.code, 0, kept.stderr)
    assert.match(
      kept.stdout,
      /kept a copy of its host key in \/root\/fleet\/secrets\/_relays\/lon\/host_key: back it up/,
    )
    const copy = join(first.shared, 'secrets/_relays/lon/host_key')
    assert.is((await stat(copy)).mode & 0o777, 0o600)
    assert.is.not((await runProgram('ssh-keygen', ['-y', '-P', '', '-f', copy])).code, 0, 'it is sealed')
    assert.not.match((await push(first)).stderr, /copy/, 'once is enough')
    assert.is((await first.oobmRelay('issue', 'osaka', '--fleet', '/root/fleet/fleet.toml')).code, 0)
    assert.match(await deviceGetsIn(first), /osaka: the commands are/)

    // The host is lost. Another one has its address and nothing else of it; the operator has their files.
    const second = await hostFor(context)
    await cp(first.shared, second.shared, { recursive: true, force: true })
    await openSshd(second)
    const refused = await push(second)
    assert.is(refused.code, 78, refused.stdout)
    assert.match(
      refused.stderr,
      /has no host key yet, but the fleet file pins one\. With a new key, 2 devices will refuse this relay: tokyo, osaka\. "oobm-relay push lon --restore"/,
    )
    assert.is(await second.sh('ls /etc/oobm 2>/dev/null || true'), '', 'nothing was made')
    await writeFile(join(second.shared, 'passphrase'), 'another one\n')
    const wrong = await push(second, '--restore', '--passphrase-file', '/root/fleet/passphrase')
    assert.is(wrong.code, 1, wrong.stdout)
    assert.match(wrong.stderr, /wrong passphrase for .*host_key; nothing was sent/)
    await writeFile(join(second.shared, 'passphrase'), `${PASSPHRASE}\r\n`)
    const restored = await push(second, '--restore', '--passphrase-file', '/root/fleet/passphrase')
    assert.is(restored.code, 0, restored.stderr)
    assert.match(restored.stdout, /^done: restore the host key of this relay$/m)
    assert.match(await deviceGetsIn(second), /osaka: the commands are/)
    assert.is(await second.sh('stat -c %a-%U /etc/oobm/relay/ssh_host_ed25519_key'), '600-root\n')
    assert.match((await push(second)).stdout, /^nothing to change$/m)
    const secret = (await second.sh('grep -v -e ----- /etc/oobm/relay/ssh_host_ed25519_key')).split('\n')[2] ?? ''
    const everywhere = await second.sh(
      `grep -rlF '${secret}' /dev/shm /tmp /root/fleet /var/lib/oobm /etc/oobm 2>/dev/null || true`,
    )
    assert.is(everywhere, `${(await second.sh('readlink -f /etc/oobm/relay')).trim()}/ssh_host_ed25519_key\n`)

    // A relay that has another key, because somebody applied there first: the names, and the way out.
    await fleet.write(text => text.replace('host = "192', `host_keys = ["${fleet.bob.publicKey}"]\nhost = "192`))
    await cp(join(first.shared, 'fleet.toml'), join(second.shared, 'fleet.toml'))
    const mismatch = await push(second)
    assert.is(mismatch.code, 1)
    assert.match(
      mismatch.stdout,
      /^2 devices will refuse this relay: tokyo, osaka: its host key is not among host_keys/m,
    )
  },
  SLOW,
)

test.run()
