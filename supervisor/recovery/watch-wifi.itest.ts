/** What is seen of a wireless interface, on a real network: a cable in a namespace of this test, which sysfs shows as wireless. */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Recovery } from './radio.ts'

const test = suite('watch Wi-Fi')

/** TEST-NET-1 (RFC 5737). */
const GATEWAY = '192.0.2.1'
const BOARD = '192.0.2.2'

async function makeNetwork(context: TestContext) {
  const [site, board] = [`oobm-ws-${process.pid}`, `oobm-wb-${process.pid}`] as const
  const ip = async (...args: string[]) => {
    const { code, stderr } = await runProgram('ip', args)
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
  for (const name of [site, board]) {
    await ip('netns', 'add', name)
    context.cleanup(() => ip('netns', 'delete', name))
  }
  await ip('-n', site, 'link', 'add', 'air', 'type', 'veth', 'peer', 'name', 'wlan7', 'netns', board)
  await ip('-n', site, 'link', 'set', 'air', 'up')
  await ip('-n', board, 'link', 'set', 'wlan7', 'up')
  return {
    site: (...args: string[]) => ip('-n', site, ...args),
    board: (...args: string[]) => ip('-n', board, ...args),
    under: ['netns', 'exec', board],
  }
}

async function startWatch(context: TestContext, under: readonly string[]) {
  const directory = await scratchDirectory(context)
  const at = (name: string) => join(directory, name)
  const shown = at('sys/class/net/wlan7')
  await mkdir(join(shown, 'phy80211'), { recursive: true })
  await symlink('/sys/class/net/wlan7/operstate', join(shown, 'operstate'))
  await writeFile(at('wpa_supplicant-wlan7.conf'), '')
  await mkdir(at('spool'))
  const env = { ...process.env, OOBM_SETTINGS_SPOOL: at('spool'), OOBM_REQUEST_ANSWERS: at('answers.json') }
  const program = join(import.meta.dirname, 'testing/watch.ts')
  const args = [...under, process.execPath, '--import', 'tsx', program, at('sys'), directory]
  const watch = startProgram('ip', args, { env })
  context.cleanup(() => watch.stop())
  context.onFailure(watch.output)
  const looks = (): Recovery[][] =>
    watch
      .output()
      .split('\n')
      .filter(text => text.startsWith('look ') && text.endsWith(']'))
      .map(text => JSON.parse(text.slice(5)))
  const last = () => looks().at(-1)
  return {
    ...{ shown, looks, hotspot: at('hotspot') },
    asked: () => readFile(at('spool/supervisor.request'), 'utf8').catch(() => ''),
    last,
    says: (cause: string) => waitFor(cause, async () => last()?.[0]?.cause === cause, { timeoutMs: 60_000 }),
  }
}

if (process.getuid?.() === 0) {
  test(
    'tells a gateway that answers from one that does not, and asks for a new login to the network',
    async context => {
      const { site, board, under } = await makeNetwork(context)
      await site('address', 'add', `${GATEWAY}/24`, 'dev', 'air')
      await board('address', 'add', `${BOARD}/24`, 'dev', 'wlan7')
      await board('route', 'add', 'default', 'via', GATEWAY)
      const watch = await startWatch(context, under)
      await watch.says('gets an answer from its gateway, and reaches no relay')
      await site('address', 'delete', `${GATEWAY}/24`, 'dev', 'air')
      await watch.says('gets no answer from its gateway')
      await waitFor('the request', async () => (await watch.asked()) === 'reassociate wlan7\n', { timeoutMs: 60_000 })
      assert.is(watch.last()?.[0]?.steps[0]?.result, 'asked')
      await site('address', 'add', `${GATEWAY}/24`, 'dev', 'air')
      await watch.says('gets an answer from its gateway, and reaches no relay')
    },
    { timeoutMs: 240_000 },
  )

  test(
    'sees a gateway of IPv6, a lost address, a lost network and an interface that is gone',
    async context => {
      const { site, board, under } = await makeNetwork(context)
      await site('address', 'add', 'fe80::1/64', 'dev', 'air', 'nodad')
      await board('address', 'add', '2001:db8::2/64', 'dev', 'wlan7', 'nodad')
      await board('-6', 'route', 'add', 'default', 'via', 'fe80::1', 'dev', 'wlan7')
      const watch = await startWatch(context, under)
      await watch.says('gets an answer from its gateway, and reaches no relay')
      await site('address', 'delete', 'fe80::1/64', 'dev', 'air')
      await watch.says('gets no answer from its gateway')
      await board('address', 'delete', '2001:db8::2/64', 'dev', 'wlan7')
      await watch.says('has no address')
      await site('link', 'set', 'air', 'down')
      await watch.says('is in no network')
      await rm(watch.shown, { recursive: true })
      await watch.says('is gone')
    },
    { timeoutMs: 240_000 },
  )

  test(
    'does not count the time for which the radio is a hotspot',
    async context => {
      const { under } = await makeNetwork(context)
      const watch = await startWatch(context, under)
      await watch.says('has no address')
      await writeFile(watch.hotspot, 'wlan7')
      // Each look is a quarter of a minute: seven minutes, and a new login would be due after three.
      const isAway = () => watch.looks().filter(({ length }) => length === 0).length
      await waitFor('looks at a hotspot', async () => isAway() >= 30, { timeoutMs: 120_000 })
      assert.is(await watch.asked(), '')
      await rm(watch.hotspot)
      await waitFor('a look after it', async () => (watch.last()?.length ?? 0) > 0, { timeoutMs: 60_000 })
      const looks = watch.looks()
      const [first] = looks[looks.findLastIndex(({ length }) => length === 0) + 1] ?? []
      assert.equal([first?.cause, first?.steps, first?.next?.step], ['has no address', [], 'reassociate'])
      await waitFor('the request', async () => (await watch.asked()) === 'reassociate wlan7\n', { timeoutMs: 60_000 })
    },
    { timeoutMs: 300_000 },
  )
} else test.skip('looks at a real network', 'needs root')

test.run()
