import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { answered } from './answered.ts'

const test = suite('answered')

test('gives the first answer, says of later ones that they are late, and leaves no listener', async () => {
  const { signal } = new AbortController()
  let settle: (value: number) => boolean = () => true
  const answer = answered<number>(
    [signal],
    () => -1,
    start => {
      settle = start
    },
  )
  assert.is(getEventListeners(signal, 'abort').length, 1)
  assert.is(settle(1), true)
  assert.is(settle(2), false)
  assert.is(await answer, 1)
  assert.is(getEventListeners(signal, 'abort').length, 0)
})

test('an abort settles at once, and an answer in the same moment is late', async () => {
  const controllers = [new AbortController(), new AbortController()] as const
  let settle: (value: string) => boolean = () => true
  const answer = answered<string>(
    controllers.map(({ signal }) => signal),
    () => 'aborted',
    start => {
      settle = start
    },
  )
  controllers[1].abort()
  assert.is(settle('late'), false)
  assert.is(await answer, 'aborted')
  for (const { signal } of controllers) assert.is(getEventListeners(signal, 'abort').length, 0)
})

test('does not begin what was aborted before', async () => {
  let isStarted = false
  const answer = await answered<string>(
    [new AbortController().signal, AbortSignal.abort()],
    () => 'aborted',
    () => {
      isStarted = true
    },
  )
  assert.equal([answer, isStarted], ['aborted', false])
})

test('takes what is thrown for no answer, and hands it over', async () => {
  const { signal } = new AbortController()
  const answer = await answered<unknown>(
    [signal],
    thrown => thrown,
    () => {
      throw 'not connected'
    },
  )
  assert.is(answer, 'not connected')
  assert.is(getEventListeners(signal, 'abort').length, 0)
})

test.run()
