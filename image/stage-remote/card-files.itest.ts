/** What the card's own files mean to the programs that read them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../../testbed/make-key.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'

const test = suite('files of the card')
const ETC = join(import.meta.dirname, '01-appliance/files/etc')
const DEVICE_SSHD = join(import.meta.dirname, '../../packaging/device/files/etc/ssh/sshd_config.d/50-oobm.conf')

test('nobody logs in with a password, and nobody as root', async context => {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'host_key')
  const config = join(directory, 'sshd_config')
  // As Debian's own file: what comes first holds.
  const includes = [join(ETC, 'ssh/sshd_config.d/40-appliance.conf'), DEVICE_SSHD].map(path => `Include ${path}\n`)
  await writeFile(config, `${includes.join('')}HostKey ${key.path}\nKbdInteractiveAuthentication yes\nUsePAM yes\n`)
  for (const user of ['root', 'oobm', 'remote-admin', 'oobm-selftest', 'anybody']) {
    const args = ['-T', '-C', `user=${user},host=x,addr=192.0.2.1`, '-f', config]
    const { stdout, stderr } = await runProgram('/usr/sbin/sshd', args)
    for (const line of ['passwordauthentication no', 'kbdinteractiveauthentication no', 'permitrootlogin no']) {
      assert.match(stdout, new RegExp(`^${line}$`, 'm'), `${user}: ${stderr}`)
    }
  }
})

test('the partition that any PC can write starts nothing, and root alone reads what is on it', async () => {
  const lines = (await readFile(join(ETC, 'fstab'), 'utf8')).split('\n').filter(line => !/^(#|$)/.test(line))
  const [device, folder, kind, options = ''] = lines[0]?.split(/\s+/) ?? []
  assert.equal([lines.length, device, folder, kind], [1, 'BOOTDEV', '/boot/firmware', 'vfat'])
  for (const wanted of ['ro', 'nofail', 'nodev', 'nosuid', 'noexec', 'fmask=0177', 'dmask=0077']) {
    assert.ok(options.split(',').includes(wanted), `${wanted} in ${options}`)
  }
  assert.match(options, 'x-systemd.before=oobm-provision.service')
  assert.match(options, /x-systemd\.device-timeout=\d{2,}s/)
})

test('a board that hangs or panics starts again by itself, and its card is not written for that', async () => {
  const settings = async (path: string) =>
    (await readFile(join(ETC, path), 'utf8')).split('\n').filter(line => !/^(#|$|\[)/.test(line))
  assert.equal(await settings('sysctl.d/50-oobm.conf'), ['kernel.panic = 10', 'kernel.panic_on_oops = 1'])
  const manager = await settings('systemd/system.conf.d/50-oobm.conf')
  assert.ok(manager.includes('RuntimeWatchdogSec=15s') && manager.includes('RebootWatchdogSec=15s'), manager.join(' '))
  assert.ok((await settings('systemd/journald.conf.d/50-oobm.conf')).includes('Storage=volatile'))
})

test.run()
