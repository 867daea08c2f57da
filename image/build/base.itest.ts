/** The kept base, with an archive of one file on loopback, and an mmdebstrap that fails as a mirror makes it fail. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { provideBase } from './base.ts'
import { openProgress } from './progress.ts'

const test = suite('base')

/** Writes down its arguments; fails as often as `failures` says, then makes a tar with what the hook would put there. */
const MMDEBSTRAP = `#!/bin/bash -e
echo "$*" >>"$FAKE/calls"
left=$(cat "$FAKE/failures")
if [ "$left" -gt 0 ]; then
  echo $((left - 1)) >"$FAKE/failures"
  cat "$FAKE/fault" >&2
  exit 1
fi
cp "$FAKE/oobm-archive" .
tar --create --file="\${!#}" ./oobm-archive
rm oobm-archive
`
const REQUEST = { name: 'base', arch: 'armel', variant: 'apt' as const, packages: ['less'], retryMs: [1, 1] }

const sumOf = (text: string) => createHash('sha256').update(text).digest('hex')

async function prepare(context: TestContext) {
  const folder = await scratchDirectory(context)
  const path = (name: string) => join(folder, name)
  for (const name of ['bin', 'cache']) mkdirSync(path(name))
  writeFileSync(path('bin/mmdebstrap'), MMDEBSTRAP, { mode: 0o755 })
  let inRelease = 'of today'
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/debian/dists/trixie/InRelease' ? 200 : 404).end(inRelease)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise(resolve => server.close(resolve))
  context.cleanup(close)
  const { port } = server.address() as AddressInfo
  const archive = (text: string) =>
    `${sumOf(text)} x_InRelease\ndeb [signed-by="/x y"] http://127.0.0.1:${port}/debian trixie main\n`
  writeFileSync(path('oobm-archive'), archive('of today'))
  writeFileSync(path('failures'), '0')
  const before = { path: process.env.PATH, fake: process.env.FAKE }
  process.env.PATH = `${path('bin')}:${before.path}`
  process.env.FAKE = folder
  context.cleanup(() => {
    process.env.PATH = before.path
    if (before.fake === undefined) delete process.env.FAKE
  })
  const said: string[] = []
  const progress = openProgress(path('log'), line => said.push(line), Date.now)
  context.cleanup(() => progress.close())
  return {
    said: () => said.join('\n'),
    calls: () => readFileSync(path('calls'), 'utf8').trim().split('\n'),
    fail: (times: number, fault: string) => {
      writeFileSync(path('failures'), String(times))
      writeFileSync(path('fault'), fault)
    },
    release: (text: string) => {
      inRelease = text
      writeFileSync(path('oobm-archive'), archive(text))
    },
    close,
    kept: () => readdirSync(path('cache')).sort(),
    provide: (other: { packages?: string[]; keep?: boolean; mirror?: string } = {}) =>
      provideBase(path('cache'), { ...REQUEST, ...other }, progress, context.signal),
  }
}

test('is made once, while the archive stays as it is, and also when that does not answer', async context => {
  const base = await prepare(context)
  const tar = await base.provide()
  assert.is(await base.provide(), tar)
  await base.close()
  assert.is(await base.provide(), tar)
  assert.is(base.calls().length, 1)
  assert.match(base.said(), /is as Debian has it today/)
  assert.match(base.said(), /does not answer/)
})

test('is made anew when Debian changes, or when other packages are wanted, and the old one goes', async context => {
  const base = await prepare(context)
  const first = await base.provide()
  base.release('of tomorrow')
  assert.is(await base.provide(), first)
  assert.match(base.said(), /Debian has changed trixie/)
  const other = await base.provide({ packages: ['less', 'vim'] })
  assert.is.not(other, first)
  assert.is(base.calls().length, 3)
  assert.is(base.kept().length, 2)
  base.release('of the day after')
  assert.is(await base.provide({ packages: ['less', 'vim'], keep: true }), other)
  assert.is(base.calls().length, 3)
})

test('waits for a mirror that is being updated', async context => {
  const base = await prepare(context)
  base.fail(2, 'File has unexpected size (720 != 1108). Mirror sync in progress?')
  await base.provide()
  assert.is(base.calls().length, 3)
  assert.ok(base.calls().every(call => !call.includes('--setup-hook')))
})

test('goes on without updates where their indexes stay inconsistent, says so, and tries again the next time', async context => {
  const base = await prepare(context)
  base.fail(3, 'Hash Sum mismatch')
  await base.provide()
  assert.is(base.calls().length, 4)
  assert.match(base.calls()[3] ?? '', /--setup-hook=.*-updates/)
  assert.match(base.said(), /WITHOUT security updates of armel/)
})

test('takes the one of before, with its updates, where the archive stays inconsistent', async context => {
  const base = await prepare(context)
  const tar = await base.provide()
  base.release('of tomorrow')
  base.fail(9, 'E: Failed to fetch http://x/less_668_armel.deb  404  Not Found')
  assert.is(await base.provide(), tar)
  assert.is(base.calls().length, 4)
  assert.match(base.said(), /is taken once more: Debian's archive for armel is inconsistent now/)
  base.fail(0, '')
  assert.is(await base.provide(), tar)
  assert.is(base.calls().length, 5)
})

test('where there is none of before it says what to do, and one day’s archive is asked in its place', async context => {
  const base = await prepare(context)
  base.fail(9, 'E: Failed to fetch http://x/less_668_armel.deb  404  Not Found')
  const ends = async (pattern: RegExp, mirror?: string) => {
    try {
      await base.provide(mirror === undefined ? {} : { mirror })
      assert.unreachable()
    } catch (err) {
      assert.match((err as Error).message, pattern)
    }
  }
  await ends(/the package index of Debian's archive and its packages for armel do not fit together now.*MIRROR=URL/s)
  assert.is(base.calls().length, 4)
  assert.equal(base.kept(), [])
  const mirror = 'http://127.0.0.1/archive/20260101T000000Z'
  await ends(/the package index of http:.*20260101T000000Z and its packages/, mirror)
  assert.is(base.calls().length, 7)
  base.fail(1, `E: The repository '${mirror} trixie Release' does not have a Release file. 404  Not Found`)
  await ends(/mmdebstrap failed/, mirror)
  assert.is(base.calls().length, 8)
  await base.provide({ mirror })
  const call = base.calls()[8] ?? ''
  assert.match(call, `|deb \\1${mirror}|`)
  assert.match(call, 'Check-Valid-Until "false"')
  assert.ok(call.indexOf('oobm-archive') < call.indexOf('--customize-hook=mv'), 'that day is what is looked at again')
})

test('gives up at once where it is not the mirror, with what was said, and leaves nothing half made', async context => {
  const base = await prepare(context)
  base.fail(9, 'E: Unable to locate package nodjs')
  try {
    await base.provide()
    assert.unreachable()
  } catch (err) {
    assert.match(
      (err as Error).message,
      /mmdebstrap failed \(all of it is in .*log\):\n.*Unable to locate package nodjs/,
    )
  }
  assert.is(base.calls().length, 1)
  assert.equal(base.kept(), [])
})

test.run()
