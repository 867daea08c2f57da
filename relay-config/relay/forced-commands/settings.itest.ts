/** What a device gets of its mailbox, and what the relay keeps of its answers. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { DOCUMENT_MAX_BYTES, formatSettingsAnswer } from '../../../formats/settings-delivery.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import { ask, connection, OLD, records, testInEachShell } from '../../testing/device-commands.ts'
import type { FleetRelay } from '../../testing/fleet-relay.ts'
import { leaveDocument, readMailbox } from '../settings/mailbox.ts'
import { readSettingsView } from '../settings/settings-view.ts'
import { statePathsOf } from '../state/state-paths.ts'
import { tellDevice } from '../state/tell-device.ts'

const test = suite('oobm-device-command: settings')

const pathsOf = (relay: FleetRelay) => statePathsOf({ state: dirname(relay.stateDirectory) })
/** With every byte, and no newline at its end. */
const documentOf = (bytes: number) =>
  Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, at) => at)), randomBytes(bytes - 256)])

testInEachShell(test, 'a device gets its own document, unchanged, and nothing of another', async (context, relay) => {
  const paths = pathsOf(relay)
  const view = () => readSettingsView(paths, 'tokyo', Date.now())
  assert.is((await view()).state, 'none')
  const first = documentOf(DOCUMENT_MAX_BYTES)
  const kept = await leaveDocument(paths, { device: 'tokyo', serial: 7, document: first }, 'carol')
  assert.is((await view()).state, 'waiting')
  assert.is((await stat(join(paths.settings, 'tokyo', kept.digest))).mode & 0o777, 0o640)

  const device = await connection(context, relay, 'tokyo')
  const claim = await device.claim(OLD)
  await claim.says(new RegExp(`^claimed\nsettings ${kept.digest} ${DOCUMENT_MAX_BYTES}\n$`))
  const fetched = join(dirname(relay.stateDirectory), 'fetched')
  const args = [...relay.login('tokyo'), '127.0.0.1', `settings ${kept.digest}`]
  const { code, stderr } = await runProgram('sh', ['-c', 'exec ssh "$@" >"$0"', fetched, ...args])
  assert.is(code, 0, stderr)
  assert.ok((await readFile(fetched)).equals(first))
  assert.is((await view()).state, 'sent')

  // A digest is all that a device can name, and only in its own folder.
  const foreign = await leaveDocument(paths, { device: 'osaka', serial: 1, document: Buffer.from('of osaka') }, 'carol')
  for (const [command, code] of [
    [`settings ${foreign.digest}`, 69],
    [`settings ${'0'.repeat(64)}`, 69],
    ['settings', 64],
    ['settings ', 64],
    [`settings ../osaka/${foreign.digest}`, 64],
    [`settings ${kept.digest.toUpperCase()}`, 64],
    [`settings ${kept.digest} `, 64],
    [`settings ${kept.digest.slice(1)}*`, 64],
    [`settings ${kept.digest}\nsettings ${kept.digest}`, 64],
    ['settings offer', 64],
    ['settings documents.json', 64],
  ] as const) {
    const answer = await relay.ssh('tokyo', [], command)
    assert.equal([answer.code, answer.stdout], [code, ''], `${command}: ${answer.stderr}`)
  }
  assert.is((await relay.ssh('osaka', [], `settings ${foreign.digest}`)).stdout, 'of osaka')

  // A later one, while the device is there.
  const second = await leaveDocument(paths, { device: 'tokyo', serial: 8, document: Buffer.from('second') }, 'carol')
  assert.ok(await tellDevice(paths, 'tokyo', { type: 'settings', digest: second.digest, bytes: second.bytes }))
  await claim.says(new RegExp(`\nsettings ${second.digest} 6\n$`))
  const answer = { digest: second.digest, serial: 8, accepted: 7, sinceS: 4, cause: 'no proof yet: "é\x1b"' }
  ask(claim, formatSettingsAnswer({ ...answer, state: 'trial' }))
  await waitFor('the trial', async () => (await view()).state === 'trial')
  assert.equal((await view()).answer, { ...answer, state: 'trial' })
  assert.ok(((await view()).agoS ?? 0) >= 4)
  // What is not an answer is dropped, or is none; the last one that is stays, or nothing is said.
  for (const line of ['settings x', 'settings {"digest":"\x1b"}', `settings {"x":"${'x'.repeat(5_000)}"}`])
    ask(claim, line)
  ask(claim, 'others')
  await claim.says(/^others none$/m)
  assert.is((await view()).state, 'trial')
  ask(claim, 'settings {"digest":"x"}')
  await waitFor('an answer that is none', async () => (await view()).state === 'waiting')
  assert.is((await records(relay, 'tokyo', 'settings.json')).length, 1)
})

test('a mailbox keeps four documents of a device, refuses an older and an endless one, and survives half a write', async context => {
  const directory = await scratchDirectory(context)
  const paths = statePathsOf({ state: directory })
  const leave = (serial: number, text = `document ${serial}`) =>
    leaveDocument(paths, { device: 'tokyo', serial, document: Buffer.from(text) }, 'carol')
  for (const serial of [1, 2, 3, 4, 5, 6]) await leave(serial)
  const folder = join(paths.settings, 'tokyo')
  const { documents, offer } = await readMailbox(paths, 'tokyo')
  assert.equal(
    documents.map(({ serial }) => serial),
    [3, 4, 5, 6],
  )
  assert.is(offer?.digest, documents[3]?.digest)
  assert.equal(
    (await readdir(folder)).toSorted(),
    ['documents.json', 'offer', ...documents.map(({ digest }) => digest)].toSorted(),
  )
  assert.is(await readFile(join(folder, offer?.digest ?? ''), 'utf8'), 'document 6')
  for (const serial of [6, 5]) {
    let message = ''
    await leave(serial, 'another').catch(err => {
      message = err.message
    })
    assert.match(message, /the relay has serial 6 for tokyo already, left by carol/)
  }
  // The same again is no fault: a push that was cut short is repeated.
  await leave(6)
  let message = ''
  await leave(7, 'x'.repeat(DOCUMENT_MAX_BYTES + 1)).catch(err => {
    message = err.message
  })
  assert.match(message, /has 262145 bytes; a relay keeps up to 262144/)
  assert.equal((await readMailbox(paths, 'tokyo')).offer, offer)
  await writeFile(join(folder, 'documents.json'), '[{"half')
  assert.is((await leave(7)).serial, 7)
})

test.run()
