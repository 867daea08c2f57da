/** Recordings whose part of the transcript the quota has dropped, with the real bridge and the OpenSSH client. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ptyTarget } from '../testbed/pty-target.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { waitFor } from '../testbed/wait-for.ts'
import { bridgeFiles, openTerminal, runCommand, sshArgs, startBridge, statusWhere } from './testing/bridge-fixture.ts'

const test = suite('recordings and the quota')
/** The smallest that a configuration may have. */
const QUOTA_BYTES = 1_048_576
/** A burst that a pty and the bridge take without a gap. */
const BURST_BYTES = 32_768

test(
  'list, play and export say what the quota has dropped, and numbers stay',
  async context => {
    const target = await ptyTarget(context, await scratchDirectory(context))
    const files = await bridgeFiles(context, [{ name: 'core-sw1', path: target.path }])
    const config = join(files.directory, 'device.toml')
    const quota = `[bridge]\ntranscript_bytes = ${QUOTA_BYTES}\ntranscript_percent = 90\n`
    await writeFile(config, (await readFile(config, 'utf8')).replace('[bridge]\n', quota))
    let bridge = await startBridge(context, files)
    const isOpen = () =>
      statusWhere(files, 'open', ({ pid, consoles }) => pid === bridge.pid && consoles[0]?.state === 'open')
    await isOpen()
    const recordings = (...args: string[]) => runCommand(files, 'alice', 'core-sw1', 'recordings', ...args)
    const attach = async () => {
      const alice = openTerminal(context, 'ssh', sshArgs(files, 'alice', 'core-sw1'))
      await alice.says(/for help\]/)
      const leave = async () => {
        alice.types('\x1dd')
        await waitFor('alice to leave', () => alice.ended())
      }
      return { ...alice, leave }
    }
    let said = 0
    /** @returns once the bridge has it */
    const says = async (bytes: number, see: (pattern: RegExp) => Promise<unknown>) => {
      for (const end = said + bytes; said < end; ) {
        const from = said
        let burst = ''
        while (burst.length < BURST_BYTES) burst += `line at ${from + burst.length} of the target\r\n`
        said += burst.length
        target.says(`${burst}<${said}>\r\n`)
        await see(new RegExp(`<${said}>`))
      }
    }

    const first = await attach()
    target.says('what the first session saw\r\n')
    await first.says(/first session saw/)
    await first.leave()
    const second = await attach()
    target.says('how the second session began\r\n')
    await says(3 * QUOTA_BYTES, second.says)
    target.says('how the second session ended\r\n')
    await second.says(/second session ended/)
    await second.leave()
    const third = await attach()
    target.says('what the third session saw\r\n')
    await third.says(/third session saw/)
    await third.leave()

    const expectAll = async () => {
      const list = await waitFor('the list with what was dropped', async () => {
        const { stdout } = await recordings()
        return stdout.includes('nothing is left') ? stdout : undefined
      })
      const [, ...rows] = list.trimEnd().split('\n')
      assert.equal(
        rows.map(row => row.replace(/^(\d+) .* B {2,}/, '$1 ')),
        ['1 left; nothing is left', '2 left; the beginning is gone', '3 left'],
      )
      const entries: { number: number; kept: string }[] = JSON.parse((await recordings('list', '--json')).stdout)
      assert.equal(
        entries.map(({ number, kept }) => [number, kept]),
        [
          [1, 'none'],
          [2, 'part'],
          [3, 'all'],
        ],
      )
      const gone = 'nothing is left of recording 1: its part of the transcript is gone'
      for (const command of ['play', 'export']) {
        const none = await recordings(command, '1')
        assert.equal([none.code, none.stdout], [69, ''], command)
        assert.match(none.stderr, gone, command)
      }
      const part = await recordings('export', '2')
      assert.is(part.code, 0, part.stderr)
      const missing = 'the beginning of recording 2 is missing: the transcript does not go back so far'
      assert.match(part.stderr, `[oobm: ${missing}]`)
      const [, ...events] = part.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
      assert.ok(
        events.some(([, code, data]) => code === 'm' && data === missing),
        'the file itself says so, too',
      )
      const output = events.flatMap(([, code, data]) => (code === 'o' ? [data] : [])).join('')
      assert.not.match(output, 'how the second session began')
      assert.match(output, /line at \d+ of the target\r\n(?:.*\r\n)*how the second session ended\r\n$/)
      const played = await recordings('play', '2', '--speed', '100')
      assert.is(played.code, 0, played.stderr)
      assert.match(played.stderr, `[oobm: ${missing}]`)
      assert.match(played.stdout, 'how the second session ended')
      const whole = await recordings('export', '3')
      assert.equal([whole.code, whole.stderr], [0, ''])
      assert.match(whole.stdout, 'what the third session saw')
    }
    await expectAll()
    const directory = join(files.directory, 'transcript', 'core-sw1')
    const sizes = (await readdir(directory)).map(async name => (await stat(join(directory, name))).size)
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    assert.ok(bytes <= QUOTA_BYTES, `${bytes} bytes`)

    await bridge.stop(10_000)
    bridge = await startBridge(context, files)
    await isOpen()
    await expectAll()
    const fourth = await attach()
    await fourth.leave()
    assert.match((await recordings()).stdout, /^4 {2}alice .*left$/m)
  },
  { timeoutMs: 240_000 },
)

test.run()
