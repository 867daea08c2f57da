/** `oobm upgrade` as a front: its arguments, its exit code, and its message on any other system. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { stringifyToml } from '../../formats/toml-file.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { EXIT } from '../../runtime/errors.ts'
import { minimal } from '../../supervisor/testing/device.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'

const test = suite('oobm upgrade')

test('passes on its arguments, and the exit code', async context => {
  const program = join(await scratchDirectory(context), 'upgrade')
  await writeFile(program, '#!/bin/sh\nprintf "<%s>" "$@"\nexit 69\n')
  await chmod(program, 0o755)
  const { code, stdout, stderr } = await oobmUpgrade(program, 'a file.deb', '--when-idle=60', '--', '-b.deb')
  // Options first, and no file that looks like one.
  assert.is(stdout, '<--when-idle><60><a file.deb><./-b.deb>', stderr)
  assert.is(code, EXIT.unavailable)
})

test('upgrades every package only when told so, and not on a line that is paid by the byte', async context => {
  const folder = await scratchDirectory(context)
  const program = join(folder, 'upgrade')
  await writeFile(program, '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 })
  const config = join(folder, 'device.toml')
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'
  assert.is((await oobmUpgrade(program)).code, EXIT.usage)
  for (const [profile, code] of [
    ['wired', EXIT.ok],
    ['cellular', EXIT.unavailable],
  ] as const) {
    await writeFile(config, stringifyToml({ ...minimal(key, {}), profile }))
    const { code: found, stdout, stderr } = await oobmUpgradeWith({ OOBM_CONFIG: config }, program, '--distribution')
    assert.is(found, code, stderr)
    if (code === EXIT.ok) assert.is(stdout, '<--distribution>')
    else assert.match(stderr, /paid by the byte/)
  }
})

test('a line is paid by the byte, too, where the tunnel goes by a metered uplink', async context => {
  const folder = await scratchDirectory(context)
  const program = join(folder, 'upgrade')
  await writeFile(program, '#!/bin/sh\n', { mode: 0o755 })
  const uplink = (name: string, metered: boolean, carries: boolean) => ({
    ...{ name, kind: 'modem', metered, carries, provedAt: null, why: '', dayBytes: null },
  })
  const rows: [uplinks: object[] | undefined, why: string | undefined][] = [
    [undefined, undefined],
    [[uplink('wwan0', true, true), uplink('eth0', false, false)], 'wwan0 is metered'],
    [[uplink('wwan0', true, false), uplink('eth0', false, true)], undefined],
    // Nobody knows by which one apt goes.
    [[uplink('wwan0', true, false), uplink('eth0', false, false)], undefined],
    [[uplink('wwan0', true, false), uplink('usb0', true, false)], 'wwan0, usb0 is metered'],
  ]
  for (const [uplinks, why] of rows) {
    await writeFile(join(folder, 'status.json'), JSON.stringify({ ...statusOf(process.pid), uplinks }))
    const { code, stderr } = await oobmUpgradeWith({ RUNTIME_DIRECTORY: folder }, program, '--distribution')
    assert.is(code, why === undefined ? EXIT.ok : EXIT.unavailable, stderr)
    assert.is(stderr.includes(`paid by the byte (${why})`), why !== undefined, stderr)
  }
})

test('says that this system was not made from the card image', async context => {
  const { code, stderr } = await oobmUpgrade(join(await scratchDirectory(context), 'none'))
  assert.is(code, EXIT.unavailable)
  assert.match(stderr, /this system was not made from our card image/)
})

/** Of a supervisor that runs. */
function statusOf(pid: number) {
  return {
    ...{ version: 1, device: 'rack1', software: '0', pid, heartbeat: heartbeatNow(), state: 'ready', cause: 'x' },
    ...{ since: 0, relay: null, connectedAt: null, retryAt: null, changes: [], sessions: { shell: 0, console: 0 } },
    proof: { provedAt: 1, by: 'login', tookMs: 1, attempt: null, probeMs: null },
  }
}

function oobmUpgrade(program: string, ...args: string[]) {
  return oobmUpgradeWith({}, program, ...args)
}

function oobmUpgradeWith(env: NodeJS.ProcessEnv, program: string, ...args: string[]) {
  const run = [...programArgs('device/main.ts'), 'upgrade', ...args]
  return runProgram(process.execPath, run, { env: { OOBM_UPGRADE: program, ...env } })
}

test.run()
