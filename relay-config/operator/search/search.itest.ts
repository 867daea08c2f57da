import * as assert from 'uvu/assert'
import { startProgram } from '../../../testbed/run-program.ts'
import { descendantsOf, signalProcess } from '../../../testbed/sshd.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'
import { startTwoRelays } from '../../testing/two-relays.ts'

const test = hostSuite('one name for a device of two relays')
const SLOW = { timeoutMs: 150_000 }
const HELLO = ['-o', 'BatchMode=yes', 'tokyo', 'echo hello']

test(
  'the device is found wherever it is: also behind a dead relay, a frozen one, and one with a stale listener',
  async context => {
    const scene = await startTwoRelays(context)
    const { a, b } = scene.relays
    const hello = async (what: string) => {
      const { code, stdout, stderr } = await scene.ssh(HELLO)
      assert.equal([code, stdout], [0, 'hello\n'], `${what}: ${stderr}`)
      await scene.noneLeft()
      return stderr
    }
    const first = await scene.connect(a)
    assert.is(await hello('at its first relay'), '')
    const without = await scene.ssh(HELLO, { isInstalled: false })
    assert.equal([without.code, without.stdout], [0, 'hello\n'], without.stderr)

    // The relay's process of this device hangs: it accepts and says nothing.
    const sessions = await descendantsOf(a.sshd.program.pid)
    for (const pid of sessions) signalProcess(pid, 'SIGSTOP')
    await scene.connect(b)
    await hello('a stale listener')
    const plain = await scene.ssh(['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', 'tokyo.a', 'echo hello'])
    assert.is(plain.code, 255, 'the first relay alone does not lead there')
    const byName = await scene.ssh(['-o', 'BatchMode=yes', 'tokyo.b', 'echo hello'], { isInstalled: false })
    assert.is(byName.stdout, 'hello\n', byName.stderr)

    process.kill(a.sshd.program.pid, 'SIGSTOP')
    await hello('a frozen relay')
    process.kill(a.sshd.program.pid, 'SIGCONT')
    for (const pid of sessions) signalProcess(pid, 'SIGCONT')
    await first.stop()
    assert.match(await hello('not at its first relay any more'), /^$/)
    await a.sshd.stop()
    await hello('a dead relay')
  },
  SLOW,
)

test(
  'a device that is nowhere gives a line for each relay, and no process is left',
  async context => {
    const scene = await startTwoRelays(context)
    const { a, b } = scene.relays
    b.start('socat', [`TCP-LISTEN:${scene.port},bind=127.0.0.1,fork,reuseaddr`, 'EXEC:sleep 60'])
    const nowhere = await scene.ssh(HELLO)
    assert.is(nowhere.code, 255)
    assert.match(
      nowhere.stderr,
      /^the device answers at none of its relays:\n {2}relay a: the device is not there \(.*refused\)\n {2}relay b: the device did not answer in 3 s\nssh to a relay itself/m,
    )
    await scene.noneLeft()
    await b.sshd.stop()
    process.kill(a.sshd.program.pid, 'SIGSTOP')
    const dead = await scene.ssh(HELLO)
    assert.match(
      dead.stderr,
      /^ {2}relay a: the relay did not answer in 15 s\n {2}relay b: ssh could not log in there$/m,
    )
    process.kill(a.sshd.program.pid, 'SIGCONT')

    // ssh goes while the search goes on.
    const search = startProgram('/usr/bin/ssh', [...scene.sshArgs, ...HELLO], { env: scene.env })
    await waitFor('the search', async () => (await descendantsOf(search.pid)).length > 1)
    search.child.kill('SIGKILL')
    await scene.noneLeft()
  },
  SLOW,
)

test.run()
