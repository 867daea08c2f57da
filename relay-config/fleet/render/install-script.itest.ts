import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../../../testbed/make-key.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { readRelayScripts } from '../../relay/scripts.ts'
import { parseFleet } from '../fleet-config.ts'
import { renderInstallScript } from './install-script.ts'

const test = suite('install script')
const SHELLS = ['/bin/sh', '/bin/bash']

/** A home of its own, and a script with one key for it. */
async function scene(context: TestContext) {
  const directory = await scratchDirectory(context)
  const home = join(directory, 'home')
  await mkdir(home)
  const ours = (await makeKey(directory, 'ours')).publicKey
  const theirs = `${(await makeKey(directory, 'theirs')).publicKey} the operator`
  const [relay] = parseFleet(
    'f',
    `version = 1\n[[relays]]\nname = "fra"\nhost = "h"\nuser = "u"\nhost_keys = ["${ours}"]`,
  ).relays
  assert.ok(relay)
  const scriptWith = (lines: string, owners: string[] = []) =>
    renderInstallScript(relay, lines, readRelayScripts(), owners)
  const line = `restrict,command="exec .oobm/oobm-device-command a" ${ours} oobm-device:a`
  const run = (script: string, args: string[] = [], shell = '/bin/sh') =>
    runProgram(shell, ['-s', '--', ...args], { input: script, env: { HOME: home }, cwd: '/' })
  const keys = join(home, '.ssh', 'authorized_keys')
  const existing = async (text: string) => {
    await mkdir(join(home, '.ssh'), { recursive: true })
    await writeFile(keys, text)
  }
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  return { home, ours, theirs, scriptWith, line, run, keys, existing, modeOf, read: () => readFile(keys, 'utf8') }
}

for (const shell of SHELLS) {
  test(`in ${shell}: installs, changes nothing when run again, and takes everything away`, async context => {
    const { home, theirs, scriptWith, line, run, keys, existing, modeOf, read } = await scene(context)
    const before = `# mine\n\n${theirs}\n`
    await existing(before.slice(0, -1))
    await chmod(keys, 0o664)
    const script = scriptWith(`${line}\n`)
    const first = await run(script, [], shell)
    assert.equal([first.code, first.stderr], [0, ''])
    const after = await read()
    assert.is(
      after,
      `${before}# BEGIN oobm .oobm (made by oobm-relay render; what you write in here is lost)\n${line}\n# END oobm .oobm\n`,
    )
    assert.is(await modeOf(keys), '600')
    assert.is(await modeOf(join(home, '.oobm/oobm-device-command')), '755')
    const scripts = readRelayScripts()
    assert.is(await readFile(join(home, '.oobm/oobm-device-command'), 'utf8'), scripts.deviceCommand)
    assert.is(await readFile(join(home, '.oobm/oobm-technician-command'), 'utf8'), scripts.technicianCommand)

    assert.is((await run(script, [], shell)).code, 0)
    assert.is(await read(), after, 'again')
    const changed = await run(scriptWith(`${line}-renamed\n`), [], shell)
    assert.is(changed.code, 0)
    assert.is(await read(), after.replace(line, `${line}-renamed`), 'one block, replaced')

    await mkdir(join(home, '.oobm/state/a'), { recursive: true })
    await writeFile(join(home, '.oobm/oobm-device-word'), 'its earlier name')
    const removed = await run(script, ['--remove'], shell)
    assert.equal([removed.code, removed.stderr], [0, ''])
    assert.is(await read(), before)
    assert.not(await lstat(join(home, '.oobm')).catch(() => undefined))
    assert.is((await run(script, ['--remove'], shell)).code, 0, 'again')
  })
}

test('makes what a new login lacks, and keeps a link a link', async context => {
  const { home, scriptWith, line, run, keys, modeOf } = await scene(context)
  assert.is((await run(scriptWith(`${line}\n`))).code, 0)
  assert.equal([await modeOf(join(home, '.ssh')), await modeOf(keys)], ['700', '600'])
  assert.is((await run(scriptWith(`${line}\n`), ['--remove'])).code, 0)
  assert.not(await lstat(keys).catch(() => undefined), 'a file that only we had')

  await writeFile(join(home, 'elsewhere'), '')
  await symlink(join(home, 'elsewhere'), keys)
  assert.is((await run(scriptWith(`${line}\n`))).code, 0)
  assert.ok((await lstat(keys)).isSymbolicLink())
  assert.match(await readFile(join(home, 'elsewhere'), 'utf8'), 'oobm-device:a')
})

test('writes to nothing that another login put beside a file that a link leads to', async context => {
  const { home, scriptWith, line, run, keys, existing } = await scene(context)
  await existing('')
  const victim = join(home, 'victim')
  await writeFile(victim, 'precious')
  for (const name of ['oobm-new', 'new']) await symlink(victim, `${keys}.${name}`)
  assert.is((await run(scriptWith(`${line}\n`))).code, 0)
  assert.is(await readFile(victim, 'utf8'), 'precious')
  assert.equal((await readdir(join(home, '.ssh'))).sort(), [
    'authorized_keys',
    'authorized_keys.new',
    'authorized_keys.oobm-new',
  ])
})

test('keeps an owner’s own line, with one key for both, and tells others how to become one', async context => {
  const { home, ours, theirs, scriptWith, line, run, existing, read } = await scene(context)
  const technician = `restrict,command="echo no" ${theirs.split(' ').slice(0, 2).join(' ')} oobm-technician:alice`
  const lines = `${line}\n${technician}\n`
  for (const before of [`${theirs}\n`, `# mine\nfrom="192.0.2.*" ${theirs}\n`]) {
    await existing(before)
    const refused = await run(scriptWith(lines))
    assert.is.not(refused.code, 0)
    assert.match(
      refused.stderr,
      /relay_role = "owner"[\s\S]*nothing restricts them: oobm-technician:alice; nothing was changed/,
    )
    assert.is(await read(), before)
    for (let time = 0; time < 2; time++) {
      const { code, stdout, stderr } = await run(scriptWith(lines, ['alice']))
      assert.is(code, 0, stderr)
      assert.match(
        stdout,
        /^unchanged: oobm-technician:alice has this login without restrictions[\s\S]*^installed: 1 keys in /m,
      )
      assert.ok((await read()).startsWith(before))
      assert.not.match(
        await read(),
        /echo no/,
        'sshd takes the first line of a key: a second one would lock out, or do nothing',
      )
      assert.match(await read(), /oobm-device:a\n# END/)
    }
  }
  await existing(`${ours} my laptop\n`)
  assert.is.not((await run(scriptWith(lines, ['alice']))).code, 0, 'a device is nobody’s login')
  await existing('')
  assert.match(
    (await run(scriptWith(lines, ['alice']))).stdout,
    /^installed: 2 keys/,
    'without such a line, theirs is ours',
  )
  assert.ok(await lstat(join(home, '.oobm')))
})

test('changes nothing if a key of ours is also elsewhere in the file, if the block is damaged, or if half of the script arrives', async context => {
  const { home, ours, theirs, scriptWith, line, run, existing, read } = await scene(context)
  const script = scriptWith(`${line}\n`)
  const untouched = async (text: string, input: string, pattern: RegExp) => {
    await existing(text)
    const { code, stderr } = await run(input)
    assert.is.not(code, 0)
    assert.match(stderr, pattern)
    assert.is(await read(), text)
    assert.not(await lstat(join(home, '.oobm')).catch(() => undefined))
  }
  await untouched(
    `${ours} my laptop\n`,
    script,
    /has these keys outside of our block, where nothing restricts them: oobm-device:a; nothing was changed/,
  )
  await untouched(`from="*" ${ours}\n${theirs}\n`, script, /keys outside of our block/)
  const begin = '# BEGIN oobm .oobm (made by oobm-relay render; what you write in here is lost)\n'
  for (const damaged of [
    `${begin}x\n${theirs}\n`,
    `x\n# END oobm .oobm\n${theirs}\n`,
    `${begin}${begin}# END oobm .oobm\n`,
  ]) {
    await untouched(damaged, script, /is damaged: repair or delete it by hand; nothing was changed/)
  }
  await existing(`# ${ours} was mine\n`)
  assert.is((await run(script)).code, 0, 'a comment is not a key')

  await existing(`${theirs}\n`)
  const lines = script.split('\n')
  for (let length = 0; length < lines.length - 2; length += 7) {
    await run(lines.slice(0, length).join('\n'))
    assert.is(await read(), `${theirs}\n`)
  }
})

test('passes shellcheck', async context => {
  const { scriptWith, line } = await scene(context)
  const { code, stdout } = await runProgram('shellcheck', ['-s', 'sh', '-'], { input: scriptWith(`${line}\n`) })
  assert.equal([code, stdout], [0, ''])
})

test.run()
