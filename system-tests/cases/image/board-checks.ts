/** What is to be so on any board that runs, whatever it has been through. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../../../testbed/wait-for.ts'
import { TECHNICIAN } from './relay.ts'
import type { Scene } from './scene.ts'
import type { Technician } from './technician.ts'

/** Who may have a shell: technicians, admins under both names, the self-test; root and sync are Debian's, and locked. */
const ACCOUNTS = ['enebular-remote-admin', 'oobm', 'oobm-selftest', 'remote-admin', 'root', 'sync', TECHNICIAN]
/** MiB: half of what a Pi Zero has. */
const MEMORY_MIB = 256

export async function checkBoard({ steps, image, patienceMs }: Scene, tess: Technician): Promise<void> {
  await steps.step('units', async () => {
    const failed = await tess.shell(
      'systemctl --failed --no-legend --plain; systemctl is-active oobm-supervisor oobm-console',
    )
    if (failed.trim() !== 'active\nactive') throw new Error(failed)
    return 'supervisor and console active, no failed unit'
  })
  await steps.step('root in memory, data on the card', async () => {
    const mounts = await tess.shell(
      'findmnt -no FSTYPE /; findmnt -no SOURCE /var/lib/oobm; cat /run/oobm-appliance/data',
    )
    const [root, data, fact] = mounts.trim().split('\n')
    if (root !== 'overlay' || fact !== 'ok') throw new Error(mounts)
    return `/ is ${root}; ${data}; data partition ${fact}`
  })
  await steps.step('memory', async () => {
    const [usedMiB = '', allMiB = ''] = (await tess.shell("free -m | awk '/^Mem/ { print $3, $2 }'")).trim().split(' ')
    if (usedMiB === '' || Number(usedMiB) > MEMORY_MIB) throw new Error(`${usedMiB} MiB used`)
    return `${usedMiB} of ${allMiB} MiB used`
  })
  await steps.step('who may log in', async () => {
    const open = (await tess.shell("awk -F: '$7 !~ /nologin|false/ { print $1 }' /etc/passwd | sort"))
      .trim()
      .split('\n')
    const others = open.filter(name => !ACCOUNTS.includes(name))
    if (others.length > 0) throw new Error(`accounts with a shell that nobody asked for: ${others.join(' ')}`)
    const withPassword = (await tess.root("awk -F: '$2 !~ /^[!*]/ { print $1 }' /etc/shadow")).trim()
    if (withPassword !== '') throw new Error(`accounts with a password: ${withPassword}`)
    const sudo = await tess.shell('sudo -n id -u 2>/dev/null || echo refused')
    if (sudo.trim() !== 'refused') throw new Error(`the technicians’ account may use sudo: ${sudo}`)
    return `by key ${open.join(' ')}; no account has a password, and the technician no sudo`
  })
  await steps.step('where the time of the start goes', async () => {
    const sums = await waitFor(
      'the start to be over',
      () => tess.shell('systemd-analyze time').catch(() => undefined),
      {
        timeoutMs: patienceMs,
      },
    )
    await writeFile(join(image, 'boot.svg'), await tess.shell('systemd-analyze plot', patienceMs))
    return `${sums.split('\n')[0]} (picture: boot.svg)`
  })
}
