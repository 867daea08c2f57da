import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { waitFor } from '../../testbed/wait-for.ts'
import { assertNoTrace, dedicatedFleet, letsIn, markedAccounts } from '../testing/dedicated-fleet.ts'
import { hostSuite, startThrowawayHost } from '../testing/throwaway-host.ts'

const test = hostSuite('apply, killed')

/** Loaded before the program: kills it after its Nth effect; how many there are goes to a file when it is not killed. */
const KILLER = `
const fs = require('node:fs'), promises = require('node:fs/promises'), child = require('node:child_process')
const last = Number(process.env.KILL_AFTER || Infinity)
let count = 0
const done = () => { if (++count === last) process.kill(process.pid, 'SIGKILL') }
const names = ['rename', 'mkdir', 'link', 'unlink', 'rm', 'rmdir', 'symlink', 'chown', 'writeFile', 'copyFile', 'open']
for (const name of names) {
  const original = promises[name]
  promises[name] = async (...args) => {
    const result = await original(...args)
    if (name !== 'open' || /[wa]/.test(String(args[1]))) done()
    return result
  }
}
const kill = process.kill
process.kill = (pid, signal) => { const result = kill.call(process, pid, signal); if (signal === 'SIGHUP') done(); return result }
const spawn = child.spawn
child.spawn = (...args) => spawn(...args).on('exit', done)
process.on('exit', () => fs.writeFileSync('/root/fleet/effects', String(count)))
`

test(
  'killed after each of its steps leaves a relay that serves, and the next one finishes',
  async context => {
    const host = await startThrowawayHost(context)
    const fleet = await dedicatedFleet(host)
    await writeFile(join(host.shared, 'killer.cjs'), KILLER)
    const first = (text: string) => text
    const second = (text: string) =>
      text
        .replace('"bob"', '"robert"')
        .replace('20102', '20104')
        .replace('uid = 20000', 'uid = 20005')
        .replace('name = "alice"', 'name = "carol"')
    const apply = (killAfter: number) =>
      host.run(
        'node',
        [
          '--require',
          '/root/fleet/killer.cjs',
          '/usr/lib/oobm/oobm-relay.cjs',
          'apply',
          '--no-systemd',
          '--fleet',
          '/root/fleet/fleet.toml',
        ],
        { env: { KILL_AFTER: String(killAfter) } },
      )
    await fleet.relay('apply')
    let killed = 0
    // Back and forth, one step later each time.
    for (let at = 1; ; at++) {
      await fleet.write(at % 2 === 1 ? second : first)
      const { signal, code, stderr } = await apply(at)
      // sshd that reads its configuration anew closes its port for a moment (sshd(8), SIGHUP).
      await waitFor(`a login after step ${at}; apply said: ${stderr}`, () => letsIn(host, fleet))
      if (signal === null && code === 0) break
      killed++
      const next = await fleet.tryRelay('apply', '--no-systemd')
      assert.is(next.code, 0, `after step ${at}: ${next.stderr}`)
      assert.match(await fleet.relay('plan'), /^nothing to change/, `after step ${at}`)
      const names = at % 2 === 1 ? ['carol', 'oobm-device', 'robert'] : ['alice', 'bob', 'oobm-device']
      assert.equal((await markedAccounts(host)).sort(), names, `after step ${at}`)
      await waitFor(`a login after the next apply (step ${at})`, () => letsIn(host, fleet))
    }
    assert.ok(killed > 25, `${killed} steps`)
    await fleet.relay('remove', '--all')
    await assertNoTrace(host)
  },
  { timeoutMs: 290_000 },
)

test.run()
