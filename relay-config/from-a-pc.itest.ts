import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseProvisioning } from '../formats/provisioning.ts'
import { type KeyPair, makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { parseFleet } from './fleet/fleet-config.ts'
import { type FleetEditor, fleetEditor } from './testing/fleet-editor.ts'

const test = suite('files made on a PC')
const SLOW = { timeoutMs: 120_000 }

/** Notepad's and PowerShell's "Unicode". */
const utf16 = (text: string) => Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, 'utf16le')

/** A fleet with one device, without consoles. */
async function scene(context: TestContext): Promise<FleetEditor & { key: KeyPair; fleet: string }> {
  const editor = await fleetEditor(context)
  const key = await makeKey(editor.folder, 'alice')
  const fleet = `version = 1
# Ours: Büro
[[relays]]
name = "a"
host = "h"
user = "u"
host_keys = ["${key.publicKey}"]
[[devices]]
name = "tokyo"
port = 20100
`
  await writeFile(editor.file, fleet)
  return { ...editor, key, fleet }
}

test(
  'accepts a key in the forms of Windows, and never repeats a private one',
  async context => {
    const { folder, file, must, run, start, key, text } = await scene(context)
    const line = `${key.publicKey} alice@desk\n`
    const pub = join(folder, 'pc.pub')
    const add = ['add', 'technician', 'alice', '--key', pub, '--consoles', 'all']
    const { stdout: block } = await runProgram('ssh-keygen', ['-e', '-f', `${key.path}.pub`])
    const before = await text()
    for (const bytes of [utf16(line), utf16(block), block]) {
      await writeFile(pub, bytes)
      await must(add)
      assert.equal(parseFleet(file, await text()).technicians[0]?.keys, [key.publicKey])
      await writeFile(file, before)
    }
    await writeFile(pub, utf16(key.privateKey))
    const refused = await run(add)
    assert.is(refused.code, 64)
    assert.match(refused.said, /is a private key: give the public one/)
    assert.not.ok(refused.said.includes(key.privateKey.split('\n')[1] ?? '-'))
    const piped = await start(['add', 'technician', 'alice', '--key', '-'], key.privateKey)
    assert.equal([piped.code, piped.stderr.includes('standard input is a private key')], [64, true], piped.stderr)
    const weak = join(folder, 'weak')
    await runProgram('ssh-keygen', ['-q', '-t', 'rsa', '-b', '1024', '-N', '', '-f', weak])
    const short = await run(['add', 'technician', 'alice', '--key', `${weak}.pub`])
    assert.match(short.said, /weak\.pub, line 1: is an RSA key of 1024 bits/)
    assert.is(await text(), before)

    const init = ['init', '--fleet', join(folder, 'new.toml'), '--host', 'h', '--accounts', 'dedicated', '--yes']
    const withKeys = async (bytes: string | Buffer) => {
      await writeFile(pub, bytes)
      return run([...init, '--host-keys', pub])
    }
    assert.match((await withKeys(utf16(key.privateKey))).said, /is a private key/)
    const two = `h ${key.publicKey}\nh ${(await readFile(`${weak}.pub`, 'utf8')).trim()}\n`
    assert.match((await withKeys(two)).said, /pc\.pub, line 2: is an RSA key of 1024 bits/)
    const good = await withKeys(utf16(`ssh-dss AAAA old\nh ${line}`))
    assert.is(good.code, 0, good.said)
    assert.equal(parseFleet('new', await readFile(join(folder, 'new.toml'), 'utf8')).relays[0]?.hostKeys, [
      key.publicKey,
    ])
  },
  SLOW,
)

test(
  'reads a fleet file of Notepad, and changes it with its line ends',
  async context => {
    const { file, must, run, text, fleet } = await scene(context)
    const windows = `\ufeff${fleet.replaceAll('\n', '\r\n')}`
    for (const bytes of [Buffer.from(windows), utf16(fleet)]) {
      await writeFile(file, bytes)
      assert.match(await must(['list', 'devices']), /tokyo/)
      await must(['add', 'device', 'osaka'])
      const changed = await text()
      assert.ok(changed.startsWith(windows), JSON.stringify(changed.slice(0, 80)))
      assert.not.match(changed, /[^\r]\n/)
      assert.equal(
        parseFleet(file, changed).devices.map(({ name }) => name),
        ['tokyo', 'osaka'],
      )
    }
    await writeFile(file, Buffer.from(fleet, 'latin1'))
    const latin = await run(['add', 'device', 'kobe'])
    assert.is(latin.code, 78)
    assert.match(latin.said, /fleet\.toml:2: has a character that is not UTF-8: open it with a plain text editor/)
    await writeFile(file, fleet.replace('"tokyo"', '“tokyo”'))
    assert.match((await run(['list'])).said, /fleet\.toml:9: has a typographic quotation mark “/)
    await writeFile(file, fleet.replace('"tokyo"', '"t\u043ekyo"'))
    assert.match(
      (await run(['list'])).said,
      /fleet\.toml:9: devices\[1\]\.name: character 10 of the line is U\+043E \(Cyrillic/,
    )
  },
  SLOW,
)

test(
  'reads a site file as on the card, and refuses a radio name that looks like another',
  async context => {
    const { folder, must, run } = await scene(context)
    await must(['keys', 'tokyo'])
    const site = join(folder, 'site.toml')
    const out = join(folder, 'oobm.toml')
    const issue = async (ssid: string, encode: (text: string) => Buffer = Buffer.from) => {
      await writeFile(site, encode(`[system]\ncountry = "DE"\n[[wifi]]\nssid = ${ssid}\npassphrase = "long enough"\n`))
      const { code, said } = await run(['issue', 'tokyo', '--with', site, '--out', out])
      if (code !== 0) return said
      return parseProvisioning(out, await readFile(out, 'utf8')).site.wifi[0]?.ssid
    }
    assert.is(await issue('"B\u00fcro"', utf16), 'B\u00fcro')
    assert.is(await issue("'corp\\branch'"), 'corp\\branch')
    assert.match(
      (await issue('"corp\\branch"')) ?? '',
      /site\.toml:4: wifi\[1\]\.ssid: has U\+0008 \(backspace\), as character 5; .*use single quotes, ssid = 'corp\\branch'$/m,
    )
    assert.match((await issue('"corp\\carp"')) ?? '', /site\.toml:4: .*use single quotes, ssid = 'corp\\carp'$/m)
    assert.match(
      (await issue('"a\u00a0b"')) ?? '',
      /site\.toml:4: wifi\[1\]\.ssid: character 10 of the line is U\+00A0 \(no-break/,
    )
    assert.match(
      (await issue('"\u041effice"')) ?? '',
      /site\.toml:4: .* is U\+041E \(Cyrillic, looks like O\): .* write \\u041E/,
    )
    // Meant, and then taken over by the device too.
    assert.is(await issue('"\\u041effice"'), '\u041effice')
    assert.is(await issue('"\u041e\u0444\u0438\u0441"'), '\u041e\u0444\u0438\u0441')
    assert.match(
      (await issue('"B\u00fcro"', text => Buffer.from(text, 'latin1'))) ?? '',
      /site\.toml:4: has a character that is not UTF-8/,
    )
  },
  SLOW,
)

test.run()
