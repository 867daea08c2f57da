import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import { Wake } from './wake.ts'

const test = suite('wake')
const LONG_MS = 60_000

test('a reason ends the wait, and is given once', async () => {
  const wake = new Wake(() => {})
  const waiting = wake.wait(LONG_MS, [])
  wake.notify('network')
  assert.equal([...(await waiting)], ['network'])
  assert.equal([...(await wake.wait(1, []))], [])
})

test('a reason that comes while nobody waits is not lost', async () => {
  const wake = new Wake(() => {})
  wake.notify('test')
  wake.notify('test')
  assert.equal([...(await wake.wait(LONG_MS, []))], ['test'])
})

test('an aborted signal ends the wait, before it or during it', async () => {
  const wake = new Wake(() => {})
  await wake.wait(LONG_MS, [AbortSignal.abort()])
  const controller = new AbortController()
  const waiting = wake.wait(LONG_MS, [new AbortController().signal, controller.signal])
  controller.abort()
  await waiting
})

test('says that the loop is alive at each wait', async () => {
  let slices = 0
  const wake = new Wake(() => slices++)
  await wake.wait(1, [])
  assert.ok(slices > 0)
})

test.run()
