import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { fingerprint } from '../../../formats/ssh-key.ts'
import { makeKey } from '../../../testbed/make-key.ts'
import { startSshd } from '../../../testbed/sshd.ts'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../../fleet/fleet-config.ts'
import { fleetEditor } from '../../testing/fleet-editor.ts'

const test = suite('oobm-relay init')

test(
  'writes a first fleet file, with host keys that somebody has confirmed, and never over another',
  async context => {
    const { folder, file, run, must, start, text } = await fleetEditor(context)
    const hostKey = await makeKey(folder, 'host-key')
    const sshd = await startSshd({ directory: join(folder, 'sshd'), hostKey, authorizedKeys: [join(folder, 'none')] })
    context.cleanup(() => sshd.stop())
    const given = [
      '--host',
      '127.0.0.1',
      '--port',
      String(sshd.port),
      '--user',
      'ops',
      '--accounts',
      'shared',
      '--name',
      'lab',
    ]

    const doubtful = await start(['init', ...given], 'n\n')
    assert.is(doubtful.code, 1)
    assert.match(doubtful.stdout, `${fingerprint(hostKey.publicKey)} ssh-ed25519`)
    assert.match(doubtful.stderr, /nothing was written/)
    const wrong = await run(['init', ...given, '--fingerprint', 'SHA256:another'])
    assert.is(wrong.code, 1)
    assert.match(wrong.said, /another host may be answering/)
    assert.is((await run(['init', '--host', '127.0.0.1', '--port', '1', '--user', 'ops', '--yes'])).code, 69)
    assert.is((await run(['init', '--host', 'a b', '--yes'])).code, 64)
    const unknown = await run(['init', '--host', 'no-such-host.invalid', '--accounts', 'dedicated', '--yes'])
    assert.is(unknown.code, 69)
    assert.match(unknown.said, /^no address is known for no-such-host\.invalid \(E\w+\): check the name/m)
    assert.is((await start(['init'])).code, 64)
    assert.not((await readdir(folder)).includes('fleet.toml'))

    const answers = ['bad host', '127.0.0.1', String(sshd.port), '', 'ops', 'lab', 'y']
    const answered = await start(['init'], `${answers.join('\n')}\n`)
    assert.match(answered.stdout, /must be a host name[\s\S]*wrote .*fleet\.toml\n/)
    const [relay] = parseFleet(file, await text()).relays
    assert.equal(relay?.hostKeys, [hostKey.publicKey])
    assert.is(`${relay?.name} ${relay?.user}@${relay?.host}:${relay?.port}`, `lab ops@127.0.0.1:${sshd.port}`)

    const before = await text()
    const again = await run(['init', ...given, '--yes'])
    assert.is(again.code, 1)
    assert.match(again.said, /exists already; nothing was changed/)
    assert.is(await text(), before)
    assert.equal(
      (await readdir(folder)).filter(name => name.includes('init')),
      [],
    )

    const other = join(folder, 'other.toml')
    await must(['init', '--fleet', other, ...given, '--fingerprint', fingerprint(hostKey.publicKey)])
    assert.is(await readFile(other, 'utf8'), before)
    const third = join(folder, 'third.toml')
    await writeFile(join(folder, 'scanned'), `# relay.example SSH-2.0\nrelay.example ${hostKey.publicKey}\n`)
    const scanned = ['--yes', '--host-keys', join(folder, 'scanned')]
    await must(['init', '--fleet', third, '--host', 'relay.example', '--accounts', 'dedicated', ...scanned])
    assert.equal(parseFleet(third, await readFile(third, 'utf8')).relays[0]?.hostKeys, [hostKey.publicKey])
  },
  { timeoutMs: 120_000 },
)

test.run()
