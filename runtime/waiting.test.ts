import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { controllerUnder, settled, whenAborted, within } from './waiting.ts'

const test = suite('waiting')
const never = () => new Promise<never>(() => {})
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length
const aborted = () => AbortSignal.abort()

test('within gives what the work gives in time, and leaves nothing on the parent', async () => {
  const { signal } = new AbortController()
  assert.equal(await within(60_000, [signal], async () => 7), { kind: 'done', value: 7 })
  assert.is(listeners(signal), 0)
})

test('within does not wait for work that does not end', async () => {
  assert.equal(await within(1, [], never), { kind: 'timeout' })
  const parent = new AbortController()
  const waited = within(60_000, [parent.signal], never)
  parent.abort()
  assert.equal(await waited, { kind: 'aborted' })
  assert.is(listeners(parent.signal), 0)
})

test('within does not begin what nobody wants any more', async () => {
  let isBegun = false
  const run = async () => {
    isBegun = true
  }
  assert.equal(await within(60_000, [new AbortController().signal, aborted()], run), { kind: 'aborted' })
  assert.not(isBegun)
})

test('within hands over what abandoned work gives after all, and takes no notice of its failure', async () => {
  const late: number[] = []
  let give = (_value: number) => {}
  const work = new Promise<number>(resolve => {
    give = resolve
  })
  await within(1, [], () => work, { discard: value => late.push(value) })
  await within(1, [], async signal => {
    await whenAborted(signal)
    throw new Error('late')
  })
  give(7)
  await work
  assert.equal(late, [7])
})

test('within tells the work that its time is over, and rejects with what it throws in time', async () => {
  let told: AbortSignal | undefined
  await within(1, [], signal => {
    told = signal
    return never()
  })
  assert.ok(told?.aborted)
  const failed = await within(60_000, [], () => Promise.reject(new Error('no'))).catch((err: Error) => err.message)
  assert.is(failed, 'no')
})

test('whenAborted resolves for a signal that was aborted before, and at the end of another', async () => {
  await whenAborted(aborted())
  await whenAborted(new AbortController().signal, aborted())
  const [one, until] = [new AbortController(), new AbortController()]
  const waited = whenAborted(one.signal, until.signal)
  until.abort()
  await waited
  assert.is(listeners(one.signal), 0)
})

test('settled gives the answer, or another when the signal is aborted, also before', async () => {
  const controller = new AbortController()
  assert.is(await settled(controller.signal, 'none', settle => settle('one')), 'one')
  assert.is(listeners(controller.signal), 0)
  assert.is(await settled(aborted(), 'none', settle => settle('one')), 'none')
  const waited = settled(controller.signal, 'none', () => {})
  controller.abort()
  assert.is(await waited, 'none')
})

test('a controller under others is aborted with any of them, and lets go of them', () => {
  const parent = new AbortController()
  const held = controllerUnder(new AbortController().signal, parent.signal)
  const released = controllerUnder(parent.signal)
  released.release()
  parent.abort()
  assert.equal([held.signal.aborted, released.signal.aborted], [true, false])
  assert.ok(controllerUnder(aborted()).signal.aborted)
})

test.run()
