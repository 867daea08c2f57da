/** An apply that is killed, on a host of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { assertNoTrace, dedicatedFleet, letsIn, markedAccounts } from './dedicated-fleet.ts'
import { startThrowawayHost } from './throwaway-host.ts'

const APPLY = ['/usr/lib/oobm/oobm-relay.cjs', 'apply', '--no-systemd', '--fleet', '/root/fleet/fleet.toml']

/** The two fleets, and the accounts that the relay is to have for each. */
const WANTED = {
  first: { change: (text: string) => text, accounts: ['alice', 'bob', 'oobm-device'] },
  second: {
    change: (text: string) =>
      text
        .replace('"bob"', '"robert"')
        .replace('20102', '20104')
        .replace('uid = 20000', 'uid = 20005')
        .replace('name = "alice"', 'name = "carol"'),
    accounts: ['carol', 'oobm-device', 'robert'],
  },
}

/** Loaded before the program: kills it after its Nth effect; how many there are goes to a file when it is not killed. */
export const KILLER = `
const fs = require('node:fs'), promises = require('node:fs/promises'), child = require('node:child_process')
const last = Number(process.env.KILL_AFTER || Infinity)
let count = 0
const done = () => { if (++count === last) process.kill(process.pid, 'SIGKILL') }
const names = ['rename', 'mkdir', 'link', 'unlink', 'rm', 'rmdir', 'symlink', 'chown', 'writeFile', 'copyFile', 'open']
for (const name of names) {
  const original = promises[name]
  promises[name] = async (...args) => {
    const result = await original(...args)
    const flags = args[1]
    if (name !== 'open' || /[wa]/.test(String(flags)) || (typeof flags === 'number' && flags & fs.constants.O_CREAT)) done()
    return result
  }
}
const kill = process.kill
process.kill = (pid, signal) => { const result = kill.call(process, pid, signal); if (signal === 'SIGHUP') done(); return result }
const spawn = child.spawn
child.spawn = (...args) => spawn(...args).on('exit', done)
process.on('exit', () => fs.writeFileSync('/root/fleet/effects', String(count)))
`

/**
 * Kills it after its step `from` and every fourth one behind that; each time the relay lets a device in, and the next run finishes.
 * A quarter of the steps take a quarter of a file’s time.
 * @returns how often it was killed
 */
export async function killAfterEveryFourth(context: TestContext, from: number): Promise<number> {
  const host = await startThrowawayHost(context)
  const fleet = await dedicatedFleet(host)
  await writeFile(join(host.shared, 'killer.cjs'), KILLER)
  await fleet.relay('apply')
  let killed = 0
  for (let at = from; ; at += 4) {
    // Back and forth.
    const { change, accounts } = WANTED[killed % 2 === 0 ? 'second' : 'first']
    await fleet.write(change)
    const { signal, code, stderr } = await host.run('node', ['--require', '/root/fleet/killer.cjs', ...APPLY], {
      env: { KILL_AFTER: String(at) },
    })
    // sshd that reloads its configuration closes its port for a moment (sshd(8), SIGHUP).
    await waitFor(`a login after step ${at}; apply said: ${stderr}`, () => letsIn(host, fleet))
    if (signal === null && code === 0) break
    killed++
    const next = await fleet.tryRelay('apply', '--no-systemd')
    assert.is(next.code, 0, `after step ${at}: ${next.stderr}`)
    const [plan, marked] = await Promise.all([
      fleet.relay('plan'),
      markedAccounts(host),
      waitFor(`a login after the next apply (step ${at})`, () => letsIn(host, fleet)),
    ])
    assert.match(plan, /^nothing to change/, `after step ${at}`)
    assert.equal(marked.sort(), accounts, `after step ${at}`)
  }
  await fleet.relay('remove', '--all', '--name', 'lon')
  await assertNoTrace(host)
  return killed
}
