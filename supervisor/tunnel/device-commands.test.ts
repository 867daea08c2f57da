import * as assert from 'uvu/assert'
import type { RelayOrder } from '../../formats/control-protocol.ts'
import { suite } from '../../testbed/suite.ts'
import { execution, ScriptedConnection, says, settle } from '../ssh/testing/scripted-connection.ts'
import { claim, evict } from './device-commands.ts'

const test = suite('device-commands')
const TOKEN = 'a'.repeat(32)
const ever = () => new AbortController().signal

test('claims with its token, and keeps the channel as its control channel', async () => {
  const { answer, far } = execution('claimed\nblink 3\n')
  const connection = new ScriptedConnection({ exec: () => answer })
  const claimed = await claim(connection, TOKEN, ever())
  assert.equal(connection.asked, [`exec claim ${TOKEN}`])
  if (claimed.kind !== 'claimed') throw new Error(claimed.kind)
  await settle()
  const orders: RelayOrder[] = []
  claimed.control.listen(order => orders.push(order))
  assert.equal(orders, [
    { type: 'maintenance', off: false },
    { type: 'blink', seconds: 3 },
  ])
  assert.not(far.readableEnded)
})

test('hears that maintenance is off before the claim holds, past what a login’s shell prints', async () => {
  const { answer } = execution('Welcome!\nmaintenance on\nmaintenance off 60 10 alice\nclaimed\n')
  const claimed = await claim(new ScriptedConnection({ exec: () => answer }), TOKEN, ever())
  if (claimed.kind !== 'claimed') throw new Error(claimed.kind)
  const orders: RelayOrder[] = []
  claimed.control.listen(order => orders.push(order))
  assert.equal(orders, [{ type: 'maintenance', off: true, untilS: 60, nowS: 10, by: 'alice' }])
})

test('gives its place to one that started later, and closes the channel', async () => {
  const { answer, far } = execution('superseded\n')
  assert.equal(await claim(new ScriptedConnection({ exec: () => answer }), TOKEN, ever()), { kind: 'superseded' })
  far.resume()
  await settle()
  assert.ok(far.readableEnded)
})

for (const [how, said, detail] of [
  ['says that there is no such command', 'sh: claim: not found\n', 'sh: claim: not found'],
  ['ends without an answer', '', 'no answer'],
] as const) {
  test(`a relay that ${how} does not know the commands`, async () => {
    const answer = says(said, 127)
    const found = await claim(new ScriptedConnection({ exec: () => answer }), TOKEN, ever())
    assert.equal(found, { kind: 'unknown', detail })
  })
}

test('what a login prints from its start-up files comes before the answer: 63 lines of it', async () => {
  for (const [lines, kind] of [
    [63, 'claimed'],
    [64, 'unknown'],
  ] as const) {
    const { answer } = execution(`${'noise\n'.repeat(lines)}claimed\n`)
    const found = await claim(new ScriptedConnection({ exec: () => answer }), TOKEN, ever())
    assert.is(found.kind, kind, `${lines} lines`)
  }
})

test('a relay that sends without end does not know the commands', async () => {
  const { answer } = execution('noise\n'.repeat(100))
  const found = await claim(new ScriptedConnection({ exec: () => answer }), TOKEN, ever())
  assert.equal(found, { kind: 'unknown', detail: 'noise' })
})

test('a relay that runs no command does not know the commands', async () => {
  const connection = new ScriptedConnection({ exec: () => ({ ok: false, cause: 'it runs no command' }) })
  assert.equal(await claim(connection, TOKEN, ever()), { kind: 'unknown', detail: 'it runs no command' })
})

test('no answer in time is silence, whether the command started or not, also when aborted before', async () => {
  const { answer } = execution('maintenance on\n')
  for (const connection of [new ScriptedConnection(), new ScriptedConnection({ exec: () => answer })]) {
    const over = new AbortController()
    const claimed = claim(connection, TOKEN, over.signal)
    await settle()
    over.abort()
    assert.equal(await claimed, { kind: 'silent' })
  }
  assert.equal(await claim(new ScriptedConnection(), TOKEN, AbortSignal.abort()), { kind: 'silent' })
})

for (const [said, count] of [
  ['evicted 2\n', 2],
  ['hello\nevicted 0\n', 0],
  ['evicted\nevicted x\nevicted -1\nevicted 1 2\nevicted 9999999\n', undefined],
  ['', undefined],
  [`${'noise\n'.repeat(63)}evicted 1\n`, 1],
  [`${'noise\n'.repeat(64)}evicted 1\n`, undefined],
] as const) {
  test(`${JSON.stringify(said.slice(0, 20))} of ${said.length} bytes says that ${count} were evicted`, async () => {
    const answer = says(said)
    assert.is(await evict(new ScriptedConnection({ exec: () => answer }), ever()), count)
  })
}

test('an eviction closes its channel', async () => {
  const { answer, far } = execution('evicted 1\nand more\n')
  far.resume()
  await evict(new ScriptedConnection({ exec: () => answer }), ever())
  await settle()
  assert.ok(far.readableEnded)
})

test('an eviction that is not answered ends when aborted, also before the call', async () => {
  const { answer } = execution()
  for (const connection of [new ScriptedConnection(), new ScriptedConnection({ exec: () => answer })]) {
    const over = new AbortController()
    const evicted = evict(connection, over.signal)
    await settle()
    over.abort()
    assert.is(await evicted, undefined)
    assert.is(await evict(connection, AbortSignal.abort()), undefined)
  }
})

test.run()
