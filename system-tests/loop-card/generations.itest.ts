/** Which system generation starts, what a trial needs to be confirmed, and an upgrade with the real apt and dpkg over this machine's files. */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { APPLIANCE } from './loop-card.ts'

const test = suite('generations')
const isRoot = process.getuid?.() === 0
const LIB = `appliance='${APPLIANCE}'; . "$appliance/report.sh"; . "$appliance/generations.sh"; data=ok`

test('the image’s own system starts where nothing was confirmed', async context => {
  const device = await makeDevice(context)
  assert.is(await device.choose(), '0 false ')
})

test('a trial starts once, and then the one before', async context => {
  const device = await makeDevice(context, [1, 2])
  await device.put('confirmed', '1 0')
  await device.put('trial', '2')
  assert.is(await device.choose(), '2 true ')
  assert.is(await device.choose(), '1 false 2')
  assert.is(await device.choose(), '1 false 2')
})

test('a trial does not start where nothing is kept', async context => {
  const device = await makeDevice(context, [1])
  await device.put('trial', '1')
  assert.is(await device.choose('data=lost'), '0 false ')
})

test('a generation is of no use over another image, or without its files', async context => {
  const device = await makeDevice(context, [1])
  await device.put('confirmed', '1 0')
  await device.put('1/over', 'another image')
  assert.is(await device.choose(), '0 false ')
  await device.put('confirmed', '7 0')
  assert.is(await device.choose(), '0 false ')
  await device.put('trial', '1')
  assert.is(await device.choose(), '0 false 1')
})

test('a confirmed generation that does not get up five times is left for the image’s own system', async context => {
  const device = await makeDevice(context, [1])
  await device.put('confirmed', '1 0')
  for (let start = 0; start < 5; start++) assert.is(await device.choose(), '1 false ')
  assert.is(await device.choose(), '0 false ')
})

test('numbers that a power cut left empty are none', async context => {
  const device = await makeDevice(context, [1])
  for (const text of ['', 'x', '1x', '-1', ' ']) {
    await device.put('confirmed', text)
    assert.is(await device.choose(), '0 false ', JSON.stringify(text))
  }
})

for (const [name, oobm, confirms] of [
  ['that has proved itself is confirmed', '[ "$*" = "status --proved" ]', true],
  ['that has not proved itself in time is not', 'exit 1', false],
  ['whose supervisor does not answer is not', 'echo oobm-supervisor is not running; exit 69', false],
  ['without a working oobm is not', 'exec /nonexistent', false],
] as const) {
  test(`a trial ${name}`, async context => {
    const device = await makeDevice(context, [1, 2])
    await device.put('confirmed', '1 0')
    await device.put('tried', '2')
    await writeFile(join(device.facts, 'trial'), '2\n')
    await writeFile(join(device.folder, 'oobm'), `#!/bin/sh\n${oobm}\n`, { mode: 0o755 })
    const { code, stderr } = await device.run(`"${APPLIANCE}/trial"`, {
      PATH: `${device.folder}:${device.env.PATH}`,
      ...{ OOBM_TRIAL_S: '1', OOBM_PACE_S: '1' },
    })
    assert.is(code, confirms ? 0 : 1, stderr)
    assert.is(await device.read('confirmed'), confirms ? '2 1' : '1 0')
    assert.is(await device.choose(), confirms ? '2 false ' : '1 false 2')
  })
}

if (!isRoot) test.skip('undo, factory, list', 'needs root')
else {
  test('undo goes to the one before, on trial; factory to the image’s own system; list says what there is', async context => {
    const device = await makeDevice(context, [1, 2])
    await device.put('confirmed', '2 1')
    await writeFile(join(device.facts, 'generation'), '2\n')
    await writeFile(join(device.facts, 'data'), 'ok\n')
    const list = await device.upgrade('--list')
    assert.match(
      list.stdout,
      /^0: the image's own system \(this image\)\n1\n {4}made by a test\n2, confirmed, running\n/,
    )
    assert.is((await device.upgrade('--undo')).code, 0)
    assert.is(await device.choose(), '1 true ')
    assert.is((await device.upgrade('--factory')).code, 0)
    assert.is(await device.choose(), '0 true ')
    assert.is((await device.upgrade('--what')).code, 64)
    assert.is((await device.upgrade('/no/such.deb')).code, 1)
    await writeFile(join(device.facts, 'trial'), '2\n')
    assert.match((await device.upgrade('--factory')).stderr, /is on trial/)
    await writeFile(join(device.facts, 'data'), 'lost\n')
    await writeFile(join(device.facts, 'why'), 'worn\n')
    assert.match((await device.upgrade()).stderr, /the upgrade would not be kept: worn/)
  })

  test('a program reads what runs and what is on trial; settings on trial keep an upgrade from starting', async context => {
    const device = await makeDevice(context, [1, 2])
    await writeFile(join(device.facts, 'generation'), '1\n')
    await writeFile(join(device.facts, 'data'), 'ok\n')
    await writeFile(join(device.facts, 'fallen'), '2\n')
    await device.put('upgrade.log', 'first\nlast')
    const room = 'free_mib N\nneeded_mib N\n'
    const plain = (stdout: string) => stdout.replaceAll(/_mib \d+$/gm, '_mib N')
    const state = (await device.upgrade('--state')).stdout
    assert.is(plain(state), `data ok\ngeneration 1\nfallen 2\n${room}log last\n`)
    await writeFile(device.env.OOBM_SETTINGS_TRIAL, '')
    await writeFile(join(device.facts, 'trial'), '1\n')
    await device.put('trial', '2')
    const held = `flock "${device.facts}/upgrade.lock" "${APPLIANCE}/upgrade" --state`
    assert.is(
      plain((await device.run(held)).stdout),
      `data ok\ngeneration 1\ntrial 1\nfallen 2\nnext 2\nmaking yes\nsettings-trial yes\n${room}log last\n`,
    )
    await rm(join(device.facts, 'trial'))
    await device.put('confirmed', '1 0')
    for (const args of [['x.deb'], ['--undo'], ['--factory']]) {
      const { code, stderr } = await device.upgrade(...args)
      assert.is(code, 69, args[0])
      assert.match(stderr, /settings from afar are on trial/)
    }
    await rm(device.env.OOBM_SETTINGS_TRIAL)
    assert.match((await device.upgrade('x.deb')).stderr, /x.deb cannot be read/)
    assert.is((await device.upgrade()).code, 64)
    assert.is((await device.upgrade('--when-idle', 'soon', 'x.deb')).code, 64)
  })
}

/** What the tests of an upgrade need beside root: this machine's own dpkg and apt. */
const hasApt = isRoot && (await runProgram('apt-get', ['--version']).catch(() => undefined))?.code === 0
if (!hasApt) test.skip('an upgrade', 'needs root and apt')
else {
  test(
    'an upgrade makes a generation that starts on trial; one that fails leaves nothing',
    async context => {
      const device = await makeDevice(context)
      await writeFile(join(device.facts, 'generation'), '0\n')
      // Somebody is on a console, and stays.
      await writeFile(join(device.folder, 'oobm'), '#!/bin/sh\necho oobm-console\n', { mode: 0o755 })
      const good = await makePackage(device.folder, 'oobm-upgrade-test', '')
      const bad = await makePackage(device.folder, 'oobm-upgrade-bad', 'exit 1')
      // On a tmpfs: an overlay is to be no part of what it lies over.
      const script = `mount -t tmpfs tmpfs "$OOBM_GENERATIONS"
        unset OOBM_UNSHARED
        if ! OOBM_RESTART=true "${APPLIANCE}/make-generation" -- "$GOOD"; then echo failed; fi
        if OOBM_RESTART=true "${APPLIANCE}/make-generation" -- "$BAD"; then echo no failure; fi
        if OOBM_RESTART=true "${APPLIANCE}/make-generation" --distribution -- "$GOOD"; then echo no failure; fi
        if OOBM_RESTART=true "${APPLIANCE}/make-generation" --when-idle 2 -- "$GOOD"; then echo no failure; fi
        cat "$OOBM_GENERATIONS/trial" "$OOBM_GENERATIONS/1/root/usr/share/oobm-upgrade-test/there"
        ls "$OOBM_GENERATIONS"; ls -A "$OOBM_GENERATIONS/1"; ls -A "$OOBM_GENERATIONS/1/root/tmp" 2>/dev/null
        [ ! -f "$OOBM_GENERATIONS/1/root/usr/sbin/policy-rc.d" ] && cat "$OOBM_GENERATIONS/1/about"`
      const done = await undisturbed(context.signal, () =>
        runProgram('unshare', ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script], {
          env: {
            ...device.env,
            ...{ OOBM_IMAGE: '/', GOOD: good, BAD: bad, OOBM_PACE_S: '1', PATH: `${device.folder}:${device.env.PATH}` },
          },
          timeoutMs: 150_000,
        }),
      )
      const said = `${done.stdout}\n${done.stderr}`
      assert.match(done.stdout, /Changed: oobm-upgrade-test /, said)
      assert.match(done.stderr, /nothing was changed, generation 0 still runs/, said)
      assert.not.match(done.stdout, /no failure/, said)
      assert.match(done.stderr, /the package lists cannot be downloaded/, said)
      assert.match(done.stdout, /The restart waits, at the most 2 s: somebody is on a console/, said)
      assert.match(done.stderr, /somebody is on a console, 2 s after the upgrade was ready/, said)
      assert.match(done.stdout, /\n1\nthere\n1\ntrial\nabout\nover\nroot\nmade /, said)
    },
    { timeoutMs: 240_000 },
  )
}

/** The image here is this machine's own files: while a package is being installed on it, apt refuses any other. */
async function undisturbed<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const lastChange = async () => {
    const [status, updates] = await Promise.all([stat('/var/lib/dpkg/status'), stat('/var/lib/dpkg/updates')])
    return Math.max(status.mtimeMs, updates.mtimeMs)
  }
  for (;;) {
    signal.throwIfAborted()
    // It waits for the lock.
    await runProgram('apt-get', ['-o', 'DPkg::Lock::Timeout=100', 'check'], { timeoutMs: 110_000 })
    const before = await lastChange()
    const result = await run()
    if ((await lastChange()) === before) return result
  }
}

async function makePackage(folder: string, name: string, postinst: string): Promise<string> {
  const tree = join(folder, name)
  await mkdir(join(tree, 'DEBIAN'), { recursive: true })
  await mkdir(join(tree, 'usr/share', name), { recursive: true })
  await writeFile(join(tree, 'usr/share', name, 'there'), 'there\n')
  const control = `Package: ${name}\nVersion: 1\nArchitecture: all\nMaintainer: test <test@localhost>\nDescription: test\n`
  await writeFile(join(tree, 'DEBIAN/control'), control)
  await writeFile(join(tree, 'DEBIAN/postinst'), `#!/bin/sh\n${postinst}\n`, { mode: 0o755 })
  const { code, stderr } = await runProgram('dpkg-deb', ['--build', '--root-owner-group', tree, `${tree}.deb`])
  assert.is(code, 0, stderr)
  return `${tree}.deb`
}

/** A device's folders, with generations that hold nothing. */
async function makeDevice(context: TestContext, numbers: number[] = []) {
  const folder = await scratchDirectory(context)
  const facts = join(folder, 'facts')
  const generations = join(folder, 'system')
  await mkdir(facts)
  await mkdir(generations)
  await writeFile(join(facts, 'image-id'), 'this image\n')
  for (const number of numbers) {
    await mkdir(join(generations, String(number), 'root'), { recursive: true })
    await writeFile(join(generations, String(number), 'over'), 'this image\n')
    await writeFile(join(generations, String(number), 'about'), 'made by a test\n')
  }
  const env = {
    ...{ OOBM_FACTS: facts, OOBM_GENERATIONS: generations, OOBM_KERNEL_LOG: join(folder, 'log') },
    ...{
      OOBM_IMAGE_ID: join(facts, 'image-id'),
      OOBM_SETTINGS_TRIAL: join(folder, 'trial.toml'),
      OOBM_RESTART: 'true',
      PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
    },
  }
  const run = (script: string, more: NodeJS.ProcessEnv = {}) =>
    runProgram('sh', ['-euc', script], { env: { ...env, ...more }, timeoutMs: 25_000 })
  return {
    folder,
    facts,
    env,
    run,
    put: (name: string, text: string) => writeFile(join(generations, name), `${text}\n`),
    read: async (name: string) => (await readFile(join(generations, name), 'utf8')).trim(),
    upgrade: (...args: string[]) => runProgram(join(APPLIANCE, 'upgrade'), args, { env }),
    /** The generation that a start would take, whether it is a trial, and the one that fell. */
    choose: async (before = ':') => {
      const { code, stdout, stderr } = await run(
        `${LIB}; ${before}; choose_generation; echo "$generation $trial $fallen"`,
      )
      assert.is(code, 0, stderr)
      return stdout.replace(/\n$/, '')
    },
  }
}

test.run()
