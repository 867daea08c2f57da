/** `oobm-relay settings` as the operator types it: what is signed, numbered, sealed, and left at a relay. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { formatSettingsAnswer, type SettingsAnswer } from '../../../formats/settings-delivery.ts'
import { checkSettingsDocument, SETTINGS_NAMESPACE, splitDocument } from '../../../formats/settings-document.ts'
import { makeKey } from '../../../testbed/make-key.ts'
import { programArgs } from '../../../testbed/programs.ts'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { suite, type TestContext } from '../../../testbed/suite.ts'
import { operator } from '../../testing/operator.ts'

const test = suite('oobm-relay settings')
const SLOW = { timeoutMs: 180_000 }
const SECRET = 'hunter2-hunter2-hunter2'

/** An operator with a signing key and the device `tokyo`, and their relay's directory on this machine. */
async function scene(context: TestContext) {
  const one = await operator(context)
  const { folder, home, oobmRelay } = one
  await one.startRelay('relay', ['AllowStreamLocalForwarding no'])
  const signer = await makeKey(folder, 'signer')
  const fleetFile = join(folder, 'fleet.toml')
  const edit = async (change: (text: string) => string) =>
    writeFile(fleetFile, change(await readFile(fleetFile, 'utf8')))
  const must = async (...args: string[]) => {
    const { code, stdout, stderr } = await oobmRelay(...args)
    assert.is(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  await must('keys', '--all')
  await must('render')
  assert.is((await one.install()).code, 0)
  const state = ['--state', join(home, '.oobm')]
  const mailbox = join(home, '.oobm/settings/tokyo')
  return {
    ...{ ...one, signer, edit, must, mailbox, state },
    settings: (command: string, ...args: string[]) => oobmRelay('settings', command, ...args, ...state),
    trust: () => edit(text => `${text}[settings]\nsigners = ["${signer.publicKey}"]\nkey = "signer"\n`),
    document: async () => {
      const [, digest = ''] = (await readFile(join(mailbox, 'offer'), 'utf8')).split(' ')
      return readFile(join(mailbox, digest))
    },
    /** What the device said last. */
    answer: async (answer: Partial<SettingsAnswer>) => {
      const [, digest = ''] = (await readFile(join(mailbox, 'offer'), 'utf8').catch(() => `x ${'0'.repeat(64)}`)).split(
        ' ',
      )
      const whole: SettingsAnswer = {
        digest,
        state: 'applied',
        serial: 1,
        accepted: 1,
        sinceS: 2,
        cause: '',
        ...answer,
      }
      await mkdir(join(home, '.oobm/state/tokyo'), { recursive: true })
      await writeFile(
        join(home, '.oobm/state/tokyo/settings.json'),
        formatSettingsAnswer(whole).replace('settings ', ''),
      )
    },
  }
}

test(
  'signs what the fleet file says for a device, with a serial number that only rises',
  async context => {
    const { settings, trust, document, edit, answer, signer, folder, must, alice } = await scene(context)
    const nobody = await settings('push', 'tokyo')
    assert.is(nobody.code, 78)
    assert.match(nobody.stderr, /names nobody who may sign settings: make a key with "ssh-keygen/)
    await trust()
    const first = await settings('push', 'tokyo')
    assert.is(first.code, 0, first.stderr)
    assert.match(
      first.stdout,
      /^tokyo {2}serial 1 {2}waiting for the device for \d+ s: it is not connected here, and was never there$/m,
    )

    const bytes = await document()
    const { signed, signature } = splitDocument('x', bytes)
    const { device, serial, access, connectivity } = checkSettingsDocument('x', signed)
    assert.equal([device, serial], ['tokyo', 1])
    assert.ok(access && 'value' in access && connectivity && 'value' in connectivity)
    assert.equal(access.value.signers, [signer.publicKey])
    assert.equal(
      access.value.technicians.map(({ name, keys }) => [name, keys]),
      [['alice', [alice.publicKey]]],
    )
    assert.is((connectivity.value.consoles as { name: string }[])[0]?.name, 'sw1')
    await writeFile(join(folder, 'allowed'), `operator namespaces="${SETTINGS_NAMESPACE}" ${signer.publicKey}\n`)
    await writeFile(join(folder, 'x.sig'), signature)
    const verify = (input: string, namespace: string) =>
      runProgram(
        'ssh-keygen',
        ['-Y', 'verify', '-n', namespace, '-I', 'operator', '-f', join(folder, 'allowed'), '-s', join(folder, 'x.sig')],
        { input },
      )
    assert.is((await verify(signed.toString(), SETTINGS_NAMESPACE)).code, 0)
    assert.is.not((await verify(`${signed}#`, SETTINGS_NAMESPACE)).code, 0)
    assert.is.not((await verify(signed.toString(), 'file')).code, 0)

    // Nothing has changed; then a person left, and the state was lost, and the device has more than anybody here knows.
    assert.match((await settings('push', '--all')).stdout, /^tokyo: unchanged since its last settings/m)
    assert.ok((await document()).equals(bytes))
    const serials = async () => checkSettingsDocument('x', splitDocument('x', await document()).signed).serial
    await edit(text => text.replace(/\[\[technicians\]\][\s\S]*?(?=\[settings\])/, ''))
    assert.is((await settings('push', 'tokyo')).code, 0)
    assert.is(await serials(), 2)
    const people = checkSettingsDocument('x', splitDocument('x', await document()).signed).access
    assert.equal(people && 'value' in people && people.value.technicians, [])
    await rm(join(folder, 'secrets/tokyo/settings.json'))
    assert.is((await settings('push', 'tokyo')).code, 0)
    assert.is(await serials(), 3)
    await answer({ accepted: 9 })
    assert.is((await settings('push', 'tokyo', '--again')).code, 0)
    assert.is(await serials(), 10)
    // A relay that was broken into could use up all numbers.
    await answer({ accepted: 9_000_000_000_000_000 })
    const lie = await settings('push', 'tokyo', '--again')
    assert.is(lie.code, 1)
    assert.match(lie.stderr, /a relay says that tokyo has serial 9000000000000000, and the last one signed here is 10/)
    assert.is((await settings('push', 'tokyo', '--serial', '20')).code, 0)
    assert.is(await serials(), 20)

    // A card that is written again starts where the documents are.
    await must('issue', 'tokyo', '--out', join(folder, 'oobm.toml'))
    assert.match(
      await readFile(join(folder, 'oobm.toml'), 'utf8'),
      /\[settings\]\nsigners = \[ *"ssh-ed25519 \S+" *\]\nserial = 20\n|serial = 20\n/,
    )
    await must('settings', 'sign', 'tokyo', '--out', join(folder, 'by-hand'))
    assert.is(checkSettingsDocument('x', splitDocument('x', await readFile(join(folder, 'by-hand'))).signed).serial, 21)
  },
  SLOW,
)

test(
  'says for each device what became of it, and waits for it where that is asked',
  async context => {
    const { settings, trust, answer, oobmRelay, state } = await scene(context)
    await trust()
    assert.match((await settings('show')).stdout, /^tokyo {2}- {2}nothing was pushed to it here$/m)
    await settings('push', 'tokyo')
    const cases: [Partial<SettingsAnswer>, RegExp][] = [
      [
        { state: 'delivered', serial: null, cause: 'no oobm-apply' },
        /serial 1 {2}delivered \d+ s ago, not applied: no oobm-apply$/m,
      ],
      [{ state: 'trial', sinceS: 40 }, /on trial for \d+ s$/m],
      [{ state: 'refused', cause: 'bad\x1b[2J signature' }, /refused \d+ s ago: bad\?\[2J signature$/m],
      [
        { state: 'reverted', cause: 'no proof' },
        /reverted \d+ s ago, the earlier connectivity is in force: no proof$/m,
      ],
      [{ digest: 'a'.repeat(64), accepted: 7 }, /waiting .* was never there; it has serial 7$/m],
      [{ state: 'applied' }, /applied \d+ s ago$/m],
    ]
    for (const [state, pattern] of cases) {
      await answer(state)
      assert.match((await settings('show', 'tokyo')).stdout, pattern)
    }
    const status = await oobmRelay('status', 'tokyo', ...state)
    assert.match(status.stdout, /^ {2}settings {5}serial 1: applied \d+ s ago$/m)
    await answer({ state: 'refused', cause: 'x' })
    const refused = await settings('push', 'tokyo', '--wait', '30s')
    assert.is(refused.code, 1, 'nothing new was pushed, and what is there was refused')
    assert.match(refused.stdout, /^0 of 1 applied; not yet:\n {2}tokyo {2}serial 1 {2}refused/m)
    const late = await settings('push', 'tokyo', '--again', '--wait', '1s')
    assert.equal([late.code, /serial 2 {2}waiting/.test(late.stdout)], [1, true])
    const waiting = settings('show', 'tokyo', '--wait', '60s')
    await answer({ state: 'trial', serial: 2, accepted: 1 })
    await answer({ state: 'applied', serial: 2, accepted: 2 })
    assert.is((await waiting).code, 0)
    const history = (await settings('history', 'tokyo')).stdout
    assert.match(history, / serial 1 waits for it here \(\d+ bytes, SHA-256 [0-9a-f]{12}\)\n/)
    assert.match(history, /^serial 1 of .* is kept here .*\nserial 2 of .* is for the device here /m)
    const elsewhere = await oobmRelay('settings', 'push', 'tokyo', '--state', '/tmp')
    assert.is(elsewhere.code, 69, elsewhere.stdout)
    assert.match(elsewhere.stderr, /^\/tmp is not the directory of a relay/)
    for (const [args, pattern] of [
      [['push'], /give either DEVICE or --all/],
      [['push', 'tokyo', '--all'], /give either DEVICE or --all/],
      [['push', 'osaka'], /"osaka" is not a device of .*; there are: tokyo/],
      [['show', '../tokyo'], /is not a name/],
      [['show', '--wait', 'soon'], /--wait takes a time such as 90s or 5m/],
      [['push', 'tokyo', '--serial', '0'], /--serial takes a whole number/],
    ] as const) {
      const { code, stderr } = await settings(args[0], ...args.slice(1))
      assert.is(code, 64, stderr)
      assert.match(stderr, pattern)
    }
  },
  SLOW,
)

test(
  'a relay that lies, says nothing of a device or sends without end makes no push a success',
  async context => {
    const { trust, folder, edit, must } = await scene(context)
    await trust()
    await edit(text => `${text}[[devices]]\nname = "osaka"\nport = 20199\n`)
    await must('keys', '--all')
    const bin = join(folder, 'bin')
    await mkdir(bin)
    const view = (state: string, device = 'tokyo') =>
      JSON.stringify({
        ...{ device, connected: true, state, agoS: 1, answeredAgoS: 1 },
        document: { digest: '0'.repeat(64), serial: 1, bytes: 9, agoS: 1, by: 'x' },
        answer: { digest: '0'.repeat(64), state: 'applied', serial: 1, accepted: 1, sinceS: 1, cause: '' },
      })
    const push = async (answer: string, devices: string[], ...args: string[]) => {
      const script = `#!/bin/sh\ncase "$*" in *stdin*) cat >/dev/null; exit 0 ;; esac\n${answer}\n`
      await writeFile(join(bin, 'ssh'), script, { mode: 0o755 })
      return runProgram(
        process.execPath,
        [...programArgs('relay-config/main.ts'), 'settings', 'push', ...devices, '--again', ...args],
        {
          env: { ...process.env, OOBM_FLEET: join(folder, 'fleet.toml'), PATH: `${bin}:${process.env.PATH}` },
          timeoutMs: 60_000,
        },
      )
    }
    const lie = await push(`echo '${view('applied')}'`, ['tokyo'], '--wait', '1s')
    assert.is(lie.code, 1, lie.stdout + lie.stderr)
    assert.match(lie.stdout, /^0 of 1 applied; not yet:$/m)
    const mute = await push(`echo '${view('none', 'osaka')}'`, ['tokyo', 'osaka'])
    assert.is(mute.code, 1, mute.stdout + mute.stderr)
    assert.match(mute.stderr, /^signed, and at no relay: tokyo; --again pushes them again$/m)
    const endless = await push('exec yes', ['tokyo'])
    assert.is(endless.code, 69, endless.stdout + endless.stderr)
    assert.match(
      endless.stderr,
      /does not answer as oobm-relay does: is that host what it was\?\n[\s\S]*nothing was signed/,
    )
    const oneLine = await push("exec tr '\\\\0' x </dev/zero", ['tokyo'])
    assert.is(oneLine.code, 69, oneLine.stdout + oneLine.stderr)
    assert.match(oneLine.stderr, /sent more than 64 MB, which no answer has/)
  },
  SLOW,
)

test(
  'no secret is in plain at the relay, in the operator’s records or on the screen',
  async context => {
    const { settings, trust, folder, home, document } = await scene(context)
    await trust()
    const site = join(folder, 'site.toml')
    const eap = `[wifi.eap]\nmethod = "peap"\nidentity = "x"\npassword = "${SECRET}-eap"\nverify = false\n`
    await writeFile(
      site,
      `[[wifi]]\nssid = "Office"\npassphrase = "${SECRET}"\n[[wifi]]\nssid = "Campus"\n${eap}[[wifi]]\nssid = "Old"\nremove = true\n[secrets]\nrelay_password = "${SECRET}-relay"\n`,
    )
    const { code, stdout, stderr } = await settings('push', 'tokyo', '--with', site)
    assert.is(code, 0, stderr)
    assert.not.match(stdout + stderr, SECRET)
    const { connectivity } = checkSettingsDocument('x', splitDocument('x', await document()).signed)
    assert.ok(connectivity && 'value' in connectivity)
    const sealed = (connectivity.value.wifi as { passphrase: string }[])[0]?.passphrase ?? ''
    const opened = await runProgram('age', ['-d', '-i', join(folder, 'secrets/tokyo/bridge_host_key')], {
      input: sealed,
    })
    assert.equal([opened.stdout, opened.code], [SECRET, 0], opened.stderr)
    for (const place of [home, join(folder, 'secrets')]) {
      const found = await runProgram('grep', ['-rlaF', 'hunter2', place])
      assert.equal([found.code, found.stdout], [1, ''], `in plain below ${place}`)
    }
    const names = await readdir(join(home, '.oobm/settings'), { recursive: true })
    assert.ok(names.length >= 4, 'there is something to search')

    await writeFile(site, '[[wifi]]\nssid = "x"\npassphrase = "short"\n')
    const wrong = await settings('push', 'tokyo', '--with', site)
    assert.is(wrong.code, 78, wrong.stdout)
    assert.match(wrong.stderr, /site\.toml:3: wifi\[1\]\.passphrase: must be 8 to 63/)
    await writeFile(site, 'listener_port = 1\n')
    assert.match((await settings('push', 'tokyo', '--with', site)).stderr, /listener_port: is not a setting/)
  },
  SLOW,
)

test(
  'signs with a key in an agent, and says which key is missing',
  async context => {
    const { trust, edit, signer, folder, state, document } = await scene(context)
    await trust()
    await edit(text => text.replace('key = "signer"\n', ''))
    const socket = join(folder, 'agent')
    const agent = startProgram('ssh-agent', ['-D', '-a', socket])
    context.cleanup(() => agent.stop())
    await agent.says(/SSH_AUTH_SOCK/)
    const push = (...args: string[]) =>
      runProgram(
        process.execPath,
        [...programArgs('relay-config/main.ts'), 'settings', 'push', 'tokyo', ...args, ...state],
        {
          env: { OOBM_FLEET: join(folder, 'fleet.toml'), SSH_AUTH_SOCK: socket },
          timeoutMs: 60_000,
        },
      )
    const none = await push()
    assert.is(none.code, 78, none.stdout)
    assert.match(none.stderr, /no key to sign settings with: name it with --key FILE/)
    assert.match((await push('--key', '/nowhere')).stderr, /^\/nowhere is missing: --key names the key that signs/m)
    const other = await makeKey(folder, 'other')
    for (const key of [other, signer]) {
      assert.is((await runProgram('ssh-add', ['-q', key.path], { env: { SSH_AUTH_SOCK: socket } })).code, 0)
    }
    await rm(signer.path)
    const { code, stderr } = await push()
    assert.is(code, 0, stderr)
    await writeFile(join(folder, 'x.sig'), splitDocument('x', await document()).signature)
    const allowed = join(folder, 'allowed')
    for (const [key, code] of [
      [other, 255],
      [signer, 0],
    ] as const) {
      await writeFile(allowed, `operator namespaces="${SETTINGS_NAMESPACE}" ${key.publicKey}\n`)
      const args = [
        '-Y',
        'verify',
        '-n',
        SETTINGS_NAMESPACE,
        '-I',
        'operator',
        '-f',
        allowed,
        '-s',
        join(folder, 'x.sig'),
      ]
      const input = splitDocument('x', await document()).signed.toString()
      assert.is((await runProgram('ssh-keygen', args, { input })).code, code)
    }
    await edit(text => `${text}key = "nowhere"\n`)
    assert.match((await push('--again')).stderr, /nowhere is missing: settings\.key in .*fleet\.toml names the key/)
  },
  SLOW,
)

test.run()
