/** Requests to `oobm-apply`: the program itself, with a stand-in for systemctl, a real sshd and real refusals. */
import { chmod, chown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { whileLocked } from '../../device/import/lock.ts'
import { type RequestAnswer, readReboots, readRequestAnswers } from '../../formats/recovery-request.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { startSshd } from '../../testbed/sshd.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { makeDevice, type TestDevice } from '../testing/device.ts'

const test = suite('oobm-apply: requests')

interface Board extends TestDevice {
  answers: string
  reboots: string
  /** Runs the program with one request in the folder. @returns its answer to that kind of request */
  ask(text: string): Promise<RequestAnswer | undefined>
}

/** @param units what systemctl does: a shell script's `case` of its arguments */
async function makeBoard(context: TestContext, units = '', proc?: string): Promise<Board> {
  const device = await makeDevice(context)
  const at = (name: string) => join(device.directory, name)
  const script = `#!/bin/sh\nD='${device.directory}'\necho "systemctl $*" >>'${at('asked')}'\ncase "$*" in\n${units}\n*) ;;\nesac\n`
  await writeFile(join(device.directory, 'bin/systemctl'), script)
  await chmod(join(device.directory, 'bin/systemctl'), 0o755)
  await mkdir(at('facts'))
  await mkdir(at('proc'))
  const env = {
    ...device.env,
    OOBM_REQUEST_ANSWERS: at('run-apply/requests.json'),
    OOBM_FACTS: at('facts'),
    // Nobody else's logins on the machine of the test.
    OOBM_PROC: proc ?? at('proc'),
  }
  const run = (more: NodeJS.ProcessEnv = {}) => device.run({ ...env, ...more })
  const answers = env.OOBM_REQUEST_ANSWERS
  return {
    ...{ ...device, env, run, answers, reboots: at('state/reboots.json') },
    ask: async text => {
      await device.put('one.request', text)
      const { code, stdout, stderr } = await run()
      assert.is(code, 0, stdout + stderr)
      assert.equal(await readdir(device.spool), [])
      const step = text.split(/[ \n]/)[0] as 'reboot'
      return (await readRequestAnswers(answers))?.answers[step]
    },
  }
}

const FAILS = (status: number) => `
*start*) exit 1 ;;
*ExecMainStatus*) echo ${status} ;;`

test('re-associates and reloads a driver by the unit that may, each at its pace, also over its own restart', async context => {
  const board = await makeBoard(context)
  assert.is((await board.ask('reassociate wlan0\n'))?.result, 'done')
  assert.is((await board.ask('reload-driver wlan0'))?.result, 'done')
  assert.equal(await board.asked(), [
    'systemctl start oobm-wifi-radio@reassociate-wlan0.service',
    'systemctl start oobm-wifi-radio@reload-driver-wlan0.service',
  ])
  const again = await board.ask('reassociate wlan1')
  assert.match(again?.detail ?? '', /^at most one reassociate in 1 min: the last one was \d+ s ago$/)
  assert.match((await board.ask('reload-driver wlan0'))?.detail ?? '', /^at most one reload-driver in 5 min/)
  assert.equal(await board.asked(), [])
  // A refusal does not begin the time anew.
  const answers = (await readRequestAnswers(board.answers))?.answers
  const now = heartbeatNow()
  const old = { ...now, uptimeMs: now.uptimeMs - 60_000 }
  const tried = { ...answers, reassociate: { ...answers?.reassociate, tried: old } }
  await writeAtomically(board.answers, JSON.stringify({ version: 1, answers: tried }), 0o644)
  assert.is((await board.ask('reassociate wlan0'))?.result, 'done')
})

test('says in words what the unit found', async context => {
  const rows: [status: number, result: string, detail: RegExp][] = [
    [10, 'refused', /^eth0 is no wireless interface/],
    [13, 'refused', /^eth0 shares its controller with a disk/],
    [15, 'failed', /^eth0 did not come back/],
    [1, 'failed', /^oobm-wifi-radio@reload-driver-eth0\.service: /],
  ]
  for (const [status, result, detail] of rows) {
    const answer = await (await makeBoard(context, FAILS(status))).ask('reload-driver eth0')
    assert.is(answer?.result, result)
    assert.match(answer?.detail ?? '', detail)
  }
})

test('makes the radio a hotspot and ends it by the unit that may, and says what that found', async context => {
  const board = await makeBoard(context)
  assert.is((await board.ask('hotspot-on wlan0'))?.result, 'done')
  assert.is((await board.ask('hotspot-off wlan0'))?.result, 'done')
  assert.equal(await board.asked(), [
    'systemctl start oobm-wifi-radio@hotspot-on-wlan0.service',
    'systemctl start oobm-wifi-radio@hotspot-off-wlan0.service',
  ])
  const rows: [status: number, result: string, detail: RegExp][] = [
    [16, 'refused', /^wlan0 has no hotspot in the settings/],
    [17, 'failed', /^wlan0 does not become a hotspot; see/],
  ]
  for (const [status, result, detail] of rows) {
    const answer = await (await makeBoard(context, FAILS(status))).ask('hotspot-on wlan0')
    assert.is(answer?.result, result)
    assert.match(answer?.detail ?? '', detail)
  }
})

test('makes no hotspot while a system upgrade is on trial: that is judged by the way out', async context => {
  const board = await makeBoard(context)
  await writeFile(join(board.directory, 'facts/trial'), '1\n')
  const answer = await board.ask('hotspot-on wlan0')
  assert.equal([answer?.result, answer?.detail], ['refused', 'a system upgrade is on trial'])
  assert.equal(await board.asked(), [])
  assert.is((await board.ask('hotspot-off wlan0'))?.result, 'done')
})

test('reboots once, counted on the disk before, and then not for six hours', async context => {
  const board = await makeBoard(context, 'reboot) cp "$D/state/reboots.json" "$D/counted" ;;')
  await board.writeStatus({ state: 'no-link' })
  assert.is((await board.ask('reboot'))?.result, 'done')
  assert.equal(await board.asked(), ['systemctl reboot'])
  assert.match(await readFile(join(board.directory, 'counted'), 'utf8'), /"count":1,/)
  await board.writeStatus({ state: 'no-link' })
  const again = await board.ask('reboot')
  assert.match(again?.detail ?? '', /^at most one reboot in 6 h/)
  // A count that cannot be read is none: then it waits, too.
  await writeFile(board.reboots, '{"version":1,')
  await board.writeStatus({ state: 'no-link' })
  assert.is((await board.ask('reboot'))?.result, heartbeatNow().uptimeMs < 6 * 3_600_000 ? 'refused' : 'done')
  assert.not.match((await board.asked()).join(), /reboot.*reboot/)
})

test('does not reboot when systemd does not, and says so', async context => {
  const board = await makeBoard(context, 'reboot) echo no >&2; exit 1 ;;')
  await board.writeStatus({ state: 'no-link' })
  const answer = await board.ask('reboot')
  assert.is(answer?.result, 'failed')
  assert.is((await readReboots(board.reboots))?.count, 1)
})

test('finds out by itself what speaks against a reboot', async context => {
  const rows: [name: string, prepare: (board: Board) => Promise<unknown>, reason: RegExp][] = [
    ['proved', board => board.writeStatus({ state: 'ready', proved: true }), /^the way in is proved/],
    ['no supervisor', async () => {}, /^nobody can tell whether the way out is stuck/],
    [
      'an upgrade',
      async board => {
        await board.writeStatus({ state: 'no-link' })
        await writeFile(join(board.directory, 'facts/trial'), '3')
      },
      /^an upgrade is on trial$/,
    ],
    [
      'switched off',
      async board => {
        await board.writeStatus({ state: 'no-link' })
        const path = join(board.root, 'etc/oobm/device.toml')
        await writeFile(
          path,
          (await readFile(path, 'utf8')).replace(/^\[recovery\]\nreboot = true/m, '[recovery]\nreboot = false'),
        )
      },
      /\[recovery\] reboot = false$/,
    ],
    [
      'a trial of settings',
      async board => {
        await board.writeStatus({ state: 'no-link', sessions: 0 })
        await board.put('a.settings', await board.sign(board.connectivity(7, 'new.example.net')))
      },
      /^settings from afar are on trial$/,
    ],
  ]
  for (const [name, prepare, reason] of rows) {
    const board = await makeBoard(context)
    await prepare(board)
    if (name === 'a trial of settings') {
      await board.put('one.request', 'reboot')
      const running = board.run({ OOBM_TRIAL_S: '3' })
      await waitFor('its answer', async () => (await readRequestAnswers(board.answers))?.answers.reboot !== undefined)
      assert.match((await readRequestAnswers(board.answers))?.answers.reboot?.detail ?? '', reason)
      await running
    } else assert.match((await board.ask('reboot'))?.detail ?? '', reason, name)
    assert.not.match((await board.asked()).join(), /reboot/)
    assert.is(await readReboots(board.reboots), undefined)
  }
})

test('does not reboot while somebody imports a file', async context => {
  const board = await makeBoard(context)
  await board.writeStatus({ state: 'no-link' })
  await board.put('one.request', 'reboot')
  const program = startProgram(process.execPath, ['build/lib/oobm-apply.cjs'], {
    env: { ...process.env, ...board.env },
  })
  context.cleanup(() => program.stop())
  // At its start it takes the lock once, too.
  await whileLocked(board.root, async () => {
    await waitFor('flock to wait', async () => /flock/.test(await childrenOf(program.pid)))
    assert.equal(await board.asked(), [])
  })
  await program.stop()
})

test('refuses what is no request, and what another user asks', async context => {
  const board = await makeBoard(context)
  for (const text of ['', 'halt', 'reboot now', 'reassociate ../wlan0', 'x'.repeat(300_000)]) await board.ask(text)
  await symlink('/etc/hostname', join(board.spool, 'link.request'))
  assert.is((await board.run()).code, 0)
  assert.equal([await board.asked(), await readRequestAnswers(board.answers)], [[], undefined])
  if (process.getuid?.() !== 0) return
  await board.put('one.request', 'reassociate wlan0')
  await chown(join(board.spool, 'one.request'), 65534, 65534)
  const { stdout } = await board.run()
  assert.match(stdout, /only oobm-supervisor and root may ask/)
  assert.equal([await board.asked(), await readdir(board.spool)], [[], []])
})

test('sees a login at a real sshd', async context => {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'key')
  const sshd = await startSshd({ directory: join(directory, 'sshd'), authorizedKeys: [`${key.path}.pub`] })
  context.cleanup(() => sshd.stop())
  const args = ['-F', 'none', '-i', key.path, '-p', String(sshd.port), '-o', 'StrictHostKeyChecking=no']
  const known = ['-o', `UserKnownHostsFile=${join(directory, 'known')}`, `${sshd.user}@127.0.0.1`, 'cat']
  const client = startProgram('ssh', [...args, ...known])
  context.cleanup(() => client.stop())
  await waitFor('the login', async () => (await sshd.descendants()).length >= 2)
  const board = await makeBoard(context, '', '/proc')
  await board.writeStatus({ state: 'no-link' })
  assert.match((await board.ask('reboot'))?.detail ?? '', new RegExp(`^somebody is in: .*${sshd.user} by ssh`))
})

async function childrenOf(pid: number | undefined): Promise<string> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const names = children.split(' ').filter(Boolean)
  return (await Promise.all(names.map(one => readFile(`/proc/${one}/comm`, 'utf8').catch(() => '')))).join(' ')
}

test.run()
