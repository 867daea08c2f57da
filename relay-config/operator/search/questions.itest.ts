import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../../../testbed/run-program.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'
import { startTwoRelays } from '../../testing/two-relays.ts'

const test = hostSuite('what ssh asks a person on the way to several relays')
const SLOW = { timeoutMs: 150_000 }

test(
  'ssh asks for one passphrase at a time, and a shared connection spares the questions',
  async context => {
    const scene = await startTwoRelays(context)
    const { a, b } = scene.relays
    a.start('socat', [`TCP-LISTEN:${scene.port},bind=127.0.0.1,fork,reuseaddr`, 'EXEC:sleep 60'])
    await scene.connect(b)
    const sealed = join(scene.directory, 'sealed')
    await writeFile(sealed, scene.alice.privateKey, { mode: 0o600 })
    await runProgram('ssh-keygen', ['-p', '-P', '', '-N', 'correct horse', '-f', sealed])
    // Who is asked takes longer than a relay has for its greeting.
    const asked = join(scene.directory, 'asked')
    const askpass = join(scene.directory, 'askpass')
    const script = `#!/bin/sh\necho begin >>${asked}\nsleep 4\necho end >>${asked}\necho 'correct horse'\n`
    await writeFile(askpass, script, { mode: 0o755 })
    const env = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' }
    await scene.writeConfig([], sealed)
    const questions = async (more: string[] = []) => {
      await writeFile(asked, '')
      const { code, stdout, stderr } = await scene.ssh([...more, 'tokyo', 'echo hello'], { env })
      assert.equal([code, stdout], [0, 'hello\n'], stderr)
      return (await readFile(asked, 'utf8')).trim().split('\n')
    }
    assert.equal(await questions(), ['begin', 'end', 'begin', 'end', 'begin', 'end'], 'each relay, then the device')

    const shared = ['Host oobm-relay-*', 'ControlMaster auto', `ControlPath ${scene.directory}/shared-%C`, 'Host *']
    await scene.writeConfig(shared, sealed)
    for (const { name, sshd } of [a, b]) {
      const host = `oobm-relay-${name}_${sshd.user}_127.0.0.1_${sshd.port}`
      const master = startProgram('/usr/bin/ssh', [...scene.sshArgs, '-N', host], { env: { ...scene.env, ...env } })
      context.cleanup(() => master.stop())
      await waitFor('the shared connection', async () => (await scene.ssh(['-O', 'check', host])).code === 0)
    }
    assert.equal(await questions(), ['begin', 'end'], 'the device alone')
    await scene.noneLeft()
  },
  SLOW,
)

test.run()
