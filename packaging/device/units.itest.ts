/** The units of the device, held against systemd's own checks, and against the folders of their secrets. */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { SECRETS, SECRETS_DIRECTORY } from '../../runtime/provisioning.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../tools/suite.ts'
import { has } from './testing/has.ts'

const test = suite('units')
const FILES = join(import.meta.dirname, 'files')
const UNITS = join(FILES, 'usr/lib/systemd/system')
/** Tenths of systemd's exposure level that each unit may have. That of the provisioning is root's: it mounts. */
const EXPOSURE_MAX: Record<string, number> = {
  'oobm-supervisor.service': 20,
  'oobm-console.service': 20,
  'oobm-provision.service': 20,
  'oobm-wpa@.service': 22,
  'oobm-people.service': 20,
}

if (!has('systemd-analyze')) test.skip('systemd reads every unit as it is meant', 'needs systemd-analyze')
else {
  test('systemd reads every unit as it is meant', async context => {
    const root = join(await scratchDirectory(context), 'root')
    await cp(FILES, root, { recursive: true, verbatimSymlinks: true })
    await mkdir(join(root, 'usr/sbin'), { recursive: true })
    for (const program of ['bin/node', 'sbin/wpa_supplicant'])
      await writeFile(join(root, 'usr', program), '#!/bin/sh\n', { mode: 0o755 })
    for (const unit of await units()) {
      // Not the units that these refer to: a scratch root has none of them.
      const args = ['verify', '--recursive-errors=no', '--man=no', `--root=${root}`, unit]
      const { code, stderr } = await runProgram('systemd-analyze', args)
      assert.is(code, 0, stderr)
      assert.is(stderr, '', stderr)
    }
  })

  test('every unit is as enclosed as it can be', async () => {
    for (const unit of await units()) {
      const threshold = `--threshold=${EXPOSURE_MAX[unit] ?? 'missing'}`
      const args = ['security', '--offline=true', threshold, '--no-pager', join(UNITS, unit)]
      const { code, stdout } = await runProgram('systemd-analyze', args)
      assert.is(code, 0, stdout)
    }
  })
}

test('a daemon that hangs, or is stopped, is ended by its watchdog; a slow start is not', async () => {
  for (const [unit, watchdogS] of Object.entries({ 'oobm-supervisor.service': 20, 'oobm-console.service': 60 })) {
    const text = await readFile(join(UNITS, unit), 'utf8')
    for (const setting of [
      ...['Type=notify', 'NotifyAccess=all', 'Restart=always', 'KillMode=mixed', 'TimeoutStartSec=600'],
      ...[`WatchdogSec=${watchdogS}`, 'WatchdogSignal=SIGKILL', 'StartLimitIntervalSec=0'],
    ])
      assert.match(text, `\n${setting}\n`, unit)
  }
  const supervisor = await readFile(join(UNITS, 'oobm-supervisor.service'), 'utf8')
  const [, script = ''] = /\nExecStopPost=-(\S+)\n/.exec(supervisor) ?? []
  assert.match(await readFile(join(FILES, script), 'utf8'), /^#!\/bin\/sh\n/)
})

test('every secret of a unit is in a folder that it loads, and that folder is always there', async () => {
  const folders = (await readFile(join(FILES, 'usr/lib/tmpfiles.d/oobm.conf'), 'utf8')).split('\n')
  for (const { unit, source } of Object.values(SECRETS)) {
    const [folder = ''] = source.split('/')
    const path = `${SECRETS_DIRECTORY}/${folder}`
    assert.ok(
      folders.some(line => line.replace(/ +/g, ' ') === `d ${path} 0700 root root -`),
      path,
    )
    const file = { oobm: 'oobm-supervisor.service', 'oobm-console': 'oobm-console.service', system: undefined }[unit]
    if (file === undefined || !(await units()).includes(file)) continue
    assert.match(await readFile(join(UNITS, file), 'utf8'), `\nLoadCredential=${folder}:${path}\n`)
  }
})

async function units(): Promise<string[]> {
  return (await readdir(UNITS)).filter(name => name.endsWith('.service'))
}

test.run()
