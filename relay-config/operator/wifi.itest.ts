/** `oobm-relay wifi`: what arrives at a device behind a real relay, and what comes back. `oobm` itself is a script that repeats it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { startScene } from './upgrade/testing/appliances.ts'

const test = suite('oobm-relay wifi')
const SLOW = { timeoutMs: 240_000 }
const SECRET = 'a pass phrase'

if (process.getuid?.() !== 0) test.skip('brings a command to the device', 'needs root')
else {
  test(
    'brings the words and the passphrase to the device unchanged, and its exit code back',
    async context => {
      const { folder, oobmRelay } = await startScene(context, ['tokyo'])
      const file = join(folder, 'passphrase')
      await writeFile(file, `${SECRET}\n`)
      const script = '#!/bin/sh\nfor word; do printf "<%s>" "$word"; done; echo; cat; exit 7\n'
      await writeFile(join(folder, 'device-tokyo/bin/oobm'), script)
      const rows: [args: string[], said: string][] = [
        [['tokyo'], '<wifi>\n'],
        [['tokyo', 'scan', '--json'], '<wifi><scan><--json>\n'],
        [['tokyo', 'prefer', "it's $(id) `x`", '--yes'], "<wifi><prefer><--yes><--><it's $(id) `x`>\n"],
        [
          ['tokyo', 'add', 'B\u00fcro', '--hidden', '--security', 'wpa3', '--passphrase-file', file],
          `<wifi><add><--hidden><--security=wpa3><--passphrase-file=-><--><B\u00fcro>\n${SECRET}\n`,
        ],
      ]
      for (const [args, said] of rows) {
        const answer = await oobmRelay('wifi', ...args, '--as', 'alice', '--identity', join(folder, 'alice'))
        assert.is(answer.stdout, said, answer.stderr)
        assert.is(answer.code, 7)
      }
      const refused: [args: string[], code: number, said: RegExp][] = [
        [['berlin'], 64, /alice is not an administrator of a device "berlin"/],
        [['tokyo', 'forget', 'x'], 64, /ACTION.*scan|none of: scan/],
        [['tokyo', 'add', 'x', '--passphrase-file', '/nowhere'], 1, /\/nowhere/],
      ]
      for (const [args, code, said] of refused) {
        const answer = await oobmRelay('wifi', ...args, '--as', 'alice')
        assert.is(answer.code, code, answer.stderr)
        assert.match(answer.stderr, said)
      }
      // The connection ends in the middle.
      await writeFile(join(folder, 'device-tokyo/bin/oobm'), '#!/bin/sh\nkill -KILL $(ps -o ppid= -p $PPID)\n')
      const cut = await oobmRelay(
        'wifi',
        'tokyo',
        'prefer',
        'Lab',
        '--yes',
        '--as',
        'alice',
        '--identity',
        join(folder, 'alice'),
      )
      assert.is(cut.code, 69)
      assert.match(cut.stderr, /"oobm-relay wifi tokyo" says how it ended/)
    },
    SLOW,
  )
}

test.run()
