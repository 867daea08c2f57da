/** A relay's host, and its operator on another machine. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from '../../testbed/suite.ts'
import { dedicatedFleet } from './dedicated-fleet.ts'
import { startThrowawayHost } from './throwaway-host.ts'
import { startMachine } from './wires.ts'

const PLACE = 2

/** A relay's host with its own sshd, and the operator on another machine, whose ssh logs in there as root. */
export async function farOperator(context: TestContext) {
  const host = await startThrowawayHost(context)
  const fleet = await dedicatedFleet(host)
  const machine = await startMachine(context, host.pid, PLACE)
  await host.sh(
    'mkdir -p /root/.ssh; cp /root/fleet/alice.pub /root/.ssh/authorized_keys; chmod -R go= /root/.ssh; /usr/sbin/sshd -o UsePAM=no -o PidFile=/run/admin-sshd.pid -E /run/admin-sshd.log',
  )
  const bin = join(host.shared, 'bin')
  await mkdir(bin)
  const settings = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'
  await writeFile(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F none -i ${host.shared}/alice ${settings} "$@"\n`, {
    mode: 0o755,
  })
  const program = join(host.shared, 'oobm-relay.cjs')
  const env = { PATH: `${bin}:${process.env.PATH}`, OOBM_FLEET: join(host.shared, 'fleet.toml') }
  // No terminal: nothing waits for a person.
  const operate = (args: string[], input?: string) =>
    machine.run('setsid', ['--wait', process.execPath, program, ...args], {
      cwd: host.shared,
      env,
      ...(input !== undefined && { input }),
    })
  return { host, fleet, operate, bin, env, program, machine }
}
