import * as assert from 'uvu/assert'
import type { TestContext } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import {
  assertNoTrace,
  dedicatedFleet,
  holdTunnel,
  letsIn,
  markedAccounts,
  PORT,
} from '../../testing/dedicated-fleet.ts'
import { hostSuite, startThrowawayHost } from '../../testing/throwaway-host.ts'

const test = hostSuite('apply')
const SLOW = { timeoutMs: 240_000 }

async function scene(context: TestContext) {
  const host = await startThrowawayHost(context)
  return { host, fleet: await dedicatedFleet(host) }
}

test(
  'sets up a relay, changes nothing when run again, follows the file, keeps sessions, and leaves no trace when removed',
  async context => {
    const { host, fleet } = await scene(context)
    const planned = await fleet.relay('plan')
    assert.match(planned, /^would make the account alice \(uid 20000, no password\)$/m)
    assert.match(planned, /^\+restrict,port-forwarding,permitopen="127\.0\.0\.1:20101",/m)
    assert.equal(await markedAccounts(host), [], 'plan changes nothing')
    assert.is(await host.sh('ls -A /etc/oobm 2>/dev/null || true'), '')

    assert.match(
      await fleet.relay('apply'),
      /^done: make the account alice \(uid 20000[\s\S]*host_keys = \["ssh-ed25519 /m,
    )
    assert.equal((await markedAccounts(host)).sort(), ['alice', 'bob', 'oobm-device'])
    assert.match(await host.sh('grep -E "^(alice|oobm-device):" /etc/shadow'), /^oobm-device:\*:[\s\S]*^alice:\*:/m)
    assert.ok(await letsIn(host, fleet))
    const before = await host.sh('find /etc/oobm -printf "%p %T@ %i\\n" | sort')
    assert.match(await fleet.relay('apply'), /^nothing to change$/m)
    assert.is(await host.sh('find /etc/oobm -printf "%p %T@ %i\\n" | sort'), before)

    assert.match(await host.sh('cat /var/lib/oobm/history.jsonl'), /^\{"at":"[^"]+","by":"[^"]+","event":"apply"\}\n$/)
    const device = await holdTunnel(context, host, fleet)
    await host.sh('usermod --password secret-hash bob')
    await fleet.write(text =>
      text.replace('"bob"', '"robert"').replace(/\[\[technicians\]\]\nname = "alice"[\s\S]*?(?=\[\[)/, ''),
    )
    assert.match(
      await fleet.relay('plan'),
      /would rename the account bob to robert[\s\S]*would remove the account alice/,
    )
    await fleet.relay('apply')
    assert.equal((await markedAccounts(host)).sort(), ['oobm-device', 'robert'])
    assert.match(await host.sh('grep ^robert: /etc/shadow'), /^robert:secret-hash:/, 'they keep their password')
    assert.is(await host.sh('ls /etc/oobm/relay/authorized_keys'), 'oobm-device\nrobert\n')
    assert.is(await host.sh('ls /etc/oobm/generations | wc -l'), '1\n')
    assert.not(device.ended(), device.output())
    assert.ok(await letsIn(host, fleet), 'the reloaded one')

    // What a power cut leaves, of this release and of earlier ones.
    await host.sh(
      'cd /etc/oobm; mkdir generations/1-1; touch state.json.4711.new relay.0123456789abcdef01234567.new mine.new',
    )
    assert.match(await fleet.relay('plan'), /^would remove what an interrupted run left$/m)
    await fleet.relay('apply')
    assert.is(await host.sh('cd /etc/oobm; ls -d *.new generations/1-1 2>/dev/null || true; rm mine.new'), 'mine.new\n')

    for (const change of ['chown 1234', 'chmod 666']) {
      await host.sh(`${change} /etc/oobm/relay/sshd_config`)
      assert.match(await fleet.relay('plan'), /^would change sshd_config$/m, change)
      await fleet.relay('apply')
    }
    await host.sh('echo "# drift" >> /etc/oobm/relay/sshd_config')
    assert.match(await fleet.relay('plan'), /^would change sshd_config$[\s\S]*^-# drift$/m)
    await host.sh('usermod --password secret-hash oobm-device')
    const drifted = await fleet.tryRelay('check', '--here', '--no-systemd')
    assert.is(drifted.code, 1)
    assert.match(drifted.stdout, /WRONG {4}drift: "oobm-relay apply" would change sshd_config$/m)
    assert.match(
      drifted.stdout,
      /WRONG {4}oobm-device has no password: somebody has set one by hand: "usermod --password '\*' oobm-device" removes it$/m,
    )
    await host.sh("usermod --password '*' oobm-device")
    await fleet.relay('apply')
    assert.match(await fleet.relay('plan'), /^nothing to change/)
    const checked = await fleet.tryRelay('check', '--here', '--no-systemd')
    const wrongs = checked.stdout.split('\n').filter(line => line.includes('WRONG'))
    assert.equal(
      wrongs.map(line => line.slice(11, 45)),
      // The host is as Debian makes it: its own sshd accepts the passwords of all accounts.
      ['the password of robert opens only ', 'its host key is in the fleet file:'],
      checked.stdout + checked.stderr,
    )
    // Two users in one line, as people write it; sshd reads the first file first.
    await host.sh('mkdir -p /etc/ssh/sshd_config.d; echo "DenyUsers bob robert" > /etc/ssh/sshd_config.d/00-test.conf')
    const denied = await fleet.tryRelay('check', '--here', '--no-systemd')
    assert.not.match(denied.stdout, /the password of robert opens/, 'the host refuses them now')
    await host.sh('echo "DenyUsers bob" > /etc/ssh/sshd_config.d/00-test.conf')
    assert.match((await fleet.tryRelay('check', '--here', '--no-systemd')).stdout, /the password of robert opens/)
    await host.sh('rm /etc/ssh/sshd_config.d/00-test.conf')
    // From here on the relay has all that it needs.
    assert.match((await host.oobmRelay('apply', '--no-systemd')).stdout, /^nothing to change/)

    await host.sh('mkdir /etc/oobm/relay/more; touch /etc/oobm/relay/more/file')
    assert.match(await fleet.relay('plan'), /^would remove more\/file$/m)
    const removed = await fleet.relay('remove', '--all', '--name', 'lon')
    assert.match(removed, /stopped the relay’s sshd[\s\S]*removed the account oobm-device/)
    assert.match(removed, /removed the account robert/)
    assert.match(removed, /removed our nftables tables/)
    assert.ok(await waitFor('the tunnel to end', () => device.ended()))
    await assertNoTrace(host)
  },
  SLOW,
)

test(
  'refuses conflicts, and then everything is as before',
  async context => {
    const { host, fleet } = await scene(context)
    await host.sh('useradd --system --uid 20000 somebody')
    const there = await host.sh('cat /etc/passwd /etc/shadow')
    const refused = async (pattern: RegExp) => {
      const { code, stdout, stderr } = await fleet.tryRelay('apply', '--no-systemd')
      assert.is.not(code, 0)
      assert.match(stdout + stderr, pattern)
    }
    await refused(/uid 20000 belongs to the account "somebody", which is not ours/)
    assert.is(await host.sh('cat /etc/passwd /etc/shadow'), there)
    assert.is(await host.sh('ls -d /etc/oobm 2>/dev/null || true'), '')
    await host.sh('userdel somebody')

    // Whoever is here by a port that the firewall would close, by sudo or not, would have no way back.
    const here = (port: number, ...command: string[]) =>
      host.run('env', [`SSH_CONNECTION=192.0.2.9 40000 192.0.2.1 ${port}`, ...command])
    const apply = 'oobm-relay apply --fleet /root/fleet/fleet.toml --no-systemd'
    const asBefore = () => host.sh('cat /etc/passwd /etc/shadow; ls -d /etc/oobm 2>/dev/null || true')
    const untouched = await asBefore()
    for (const how of [`exec ${apply}`, `env -i PATH="$PATH" ${apply}; exit $?`]) {
      const { code, stderr } = await here(2222, 'sh', '-c', how)
      assert.is.not(code, 0)
      assert.match(
        stderr,
        /the firewall would close port 2222, through which you are logged in: .*; everything is as before/,
      )
      assert.is(await asBefore(), untouched)
    }
    assert.is(await host.sh('nft list tables'), '')

    const squatter = host.start('socat', [`TCP-LISTEN:${PORT},fork`, 'SYSTEM:true'])
    context.cleanup(() => squatter.stop())
    await waitFor('the squatter', async () => (await host.sh('ss -ltn')).includes(`:${PORT} `))
    await refused(/another program here listens on port 443.*everything is as before/)
    assert.is(await host.sh('ls -d /etc/oobm /var/lib/oobm 2>/dev/null || true'), '')
    await squatter.stop()
    const { code, stderr } = await here(22, 'sh', '-c', `exec ${apply}`)
    assert.is(code, 0, stderr)

    // A full disk: what is there goes on, and nothing is half written.
    const device = await holdTunnel(context, host, fleet)
    const before = await host.sh(
      'cp -a /etc/oobm /root/oobm-copy; umount /etc/oobm 2>/dev/null || true; mount -t tmpfs -o size=64k,mode=0755 tmpfs /etc/oobm; cp -a /root/oobm-copy/. /etc/oobm/; cat /etc/passwd; find /etc/oobm | sort',
    )
    await host.sh('head -c 200000 /dev/zero > /etc/oobm/filler 2>/dev/null || true')
    await fleet.write(text => `${text}# ${'x'.repeat(20_000)}\n`)
    await refused(/not applied: .*ENOSPC.*everything is as before/)
    assert.is(await host.sh('cat /etc/passwd; rm /etc/oobm/filler; find /etc/oobm | sort'), before)
    assert.ok(await letsIn(host, fleet))
    await host.sh('mount -o remount,size=4m /etc/oobm')
    await fleet.relay('apply')
    assert.not(device.ended(), device.output())
  },
  SLOW,
)

test.run()
