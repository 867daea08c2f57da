import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startSshd } from '../../../testbed/sshd.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { hostSuite } from '../../testing/throwaway-host.ts'
import { startTwoRelays } from '../../testing/two-relays.ts'

const test = hostSuite('a relay in place of a device')
const SLOW = { timeoutMs: 150_000 }

test(
  'what a relay says in place of the device is no greeting, and a server of its own is refused by its host key',
  async context => {
    const scene = await startTwoRelays(context)
    const { a, b } = scene.relays
    await scene.connect(b)
    // In a namespace of its own, whose end is the end of all that it started for a connection.
    const serve = (does: string) =>
      a.start('unshare', [
        ...['--pid', '--fork', '--kill-child', 'socat'],
        ...[`TCP-LISTEN:${scene.port},bind=127.0.0.1,fork,reuseaddr`, `SYSTEM:${does}`],
      ])
    const relayHost = `oobm-relay-a_${a.sshd.user}_127.0.0.1_${a.sshd.port}`
    const answers: [what: string, does: string, said: RegExp][] = [
      ['endless bytes', 'yes', /no SSH server$/m],
      ['an escape sequence', "printf '\\\\033]0;owned\\\\007SSH-2.0-x\\\\r\\\\n'; sleep 60", /no SSH server$/m],
      ['an endless greeting', 'printf SSH-2.0-; cat /dev/zero', /no SSH server$/m],
      [
        'a greeting that drips',
        'for c in S S H - 2 . 0 - x x x x x x x; do printf $c; sleep 1; done',
        /in the middle of the SSH greeting$/m,
      ],
      ['nothing, and an end', 'true', /without a word$/m],
    ]
    for (const [what, does, said] of answers) {
      const program = serve(does)
      await waitFor(what, async () => (await scene.proxy([relayHost])).match(said), { timeoutMs: 60_000 })
      assert.not.match(await scene.proxy([relayHost]), /owned|\x1b/)
      await program.stop(0)
    }

    const other = await startSshd({
      ...{ directory: join(scene.directory, 'imposter'), port: scene.port, under: a.inside },
      authorizedKeys: [join(scene.directory, 'alice.pub')],
    })
    context.cleanup(() => other.stop())
    const { code, stdout, stderr } = await scene.ssh(['-o', 'BatchMode=yes', 'tokyo', 'echo hello'])
    assert.equal([code, stdout], [255, ''])
    assert.match(stderr, /REMOTE HOST IDENTIFICATION HAS CHANGED[\s\S]*Host key verification failed/)
    await scene.noneLeft()
  },
  SLOW,
)

test.run()
