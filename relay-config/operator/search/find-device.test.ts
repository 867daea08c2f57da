import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { findDevice, type Stage, type Way } from './find-device.ts'

const test = suite('looking for a device at several relays')

type Does = 'answers' | 'is not there' | 'is silent' | 'fails' | 'is slow' | 'answers late' | 'hangs'

/** Relays that do these things, at each attempt the next; and what was opened, told and closed. */
async function search(relays: Record<string, Does[]>, { abort = new AbortController(), others = [] as string[] } = {}) {
  const events: string[] = []
  let tellLate = () => {}
  const late = new Promise<void>(resolve => {
    tellLate = resolve
  })
  const open = async (relay: string, { by, connectS }: Stage): Promise<Way | undefined> => {
    if (by === 'other' && !others.includes(relay)) return undefined
    const does = relays[relay]?.shift() ?? 'fails'
    events.push(`${relay} ${by === 'other' ? by : connectS}`)
    // Whoever was slow answers once the next is asked.
    if (does !== 'answers late') tellLate()
    if (does === 'hangs') abort.abort()
    const never = new Promise<never>(() => {})
    return {
      relay,
      answer: does === 'answers' ? Promise.resolve() : does === 'answers late' ? late : never,
      turn: does === 'answers' || does === 'hangs' ? never : Promise.resolve(),
      problem: () => does,
      wasIn: () => does === 'is silent' || does === 'is not there',
      wasSlow: () => does === 'is slow',
      close: async () => void events.push(`${relay} closed`),
    }
  }
  const tell = (way: Way) => events.push(`${way.relay} ${way.problem()}`)
  const ways = { signal: abort.signal, hasOtherWays: others.length > 0 }
  const { found, tried } = await findDevice(Object.keys(relays), open, tell, ways)
  return { found: found?.relay, tried: tried.map(way => `${way.relay} ${way.problem()}`), events }
}

test('the first relay that answers is taken, and the next is not asked', async () => {
  const { found, events } = await search({ a: ['answers'], b: ['answers'] })
  assert.equal([found, events], ['a', ['a 3']])
})

test('a relay that fails or is silent makes way for the next, and is closed once that one answers', async () => {
  for (const does of ['fails', 'is silent'] as const) {
    const { found, events } = await search({ a: [does], b: ['answers'] })
    assert.equal([found, events], ['b', ['a 3', `a ${does}`, 'b 3', 'a closed']])
  }
})

test('a device that answers late is found all the same', async () => {
  const { found, events } = await search({ a: ['answers late'], b: ['is silent'] })
  assert.equal([found, events.filter(event => event.endsWith('closed'))], ['a', ['b closed']])
})

test('a relay that did not answer in time gets more time, the others are not asked again', async () => {
  const { found, events } = await search({ a: ['is slow', 'answers'], b: ['fails', 'answers'] })
  assert.is(found, 'a')
  assert.equal(
    events.filter(event => /\d$/.test(event)),
    ['a 3', 'b 3', 'a 15'],
  )
})

test('a device that is nowhere has a line for each relay', async () => {
  const { found, tried } = await search({ a: ['is slow', 'is slow'], b: ['is silent'] })
  assert.equal([found, tried], [undefined, ['a is slow', 'b is silent']])
})

test('the only relay has the time that the person gives it', async () => {
  assert.equal((await search({ a: ['is slow', 'answers'] })).events, ['a undefined', 'a is slow', 'a closed'])
})

test('other ways are tried where ssh was not logged in, and once no relay answers directly', async () => {
  const { found, events } = await search({ a: ['fails', 'answers'], b: ['fails'] }, { others: ['a', 'b'] })
  assert.equal([found, events], ['a', ['a 3', 'a fails', 'b 3', 'b fails', 'a other', 'b closed']])
  const open = await search({ a: ['fails'], b: ['answers'] }, { others: ['a', 'b'] })
  assert.equal(open.events.includes('a other'), false)
  const inside = await search({ a: ['is silent'], b: ['is not there'] }, { others: ['a', 'b'] })
  assert.equal(
    inside.events.filter(event => event.endsWith('other')),
    [],
  )
})

test('a slow relay that no other way leads to gets its time all the same', async () => {
  const attempts = async (relays: Record<string, Does[]>) =>
    (await search(relays, { others: ['a'] })).events.filter(event => /^\w+ (\d+|other)$/.test(event))
  assert.equal(await attempts({ a: ['is slow', 'fails', 'answers'] }), ['a 3', 'a other', 'a 15'])
  assert.equal(await attempts({ a: ['is slow', 'fails', 'answers'], b: ['fails'] }), ['a 3', 'b 3', 'a other', 'a 15'])
})

test('an end closes what was opened, and asks nobody else', async () => {
  const { found, events } = await search({ a: ['is silent'], b: ['hangs'], c: ['answers'] })
  assert.equal([found, events], [undefined, ['a 3', 'a is silent', 'b 3', 'a closed', 'b closed']])
})

test.run()
