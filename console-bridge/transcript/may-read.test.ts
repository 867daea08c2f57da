import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { accessNow } from './access.ts'
import { mayReadFrom, type Reader, type TranscriptRights } from './may-read.ts'

const test = suite('who may read a transcript')
const ANY: TranscriptRights = {
  logRole: 'any',
  technicians: [
    { name: 'alice', admin: true },
    { name: 'bob', admin: false },
  ],
  sinceFor: name => (name === 'alice' ? 100 : name === 'bob' ? 200 : undefined),
}
const ADMIN: TranscriptRights = { ...ANY, logRole: 'admin' }

const CASES: [reader: Partial<Reader> & { technician: string }, rights: TranscriptRights, from: number | RegExp][] = [
  [{ technician: 'alice' }, ANY, 100],
  [{ technician: 'bob' }, ANY, 200],
  [{ technician: 'bob', via: 'relay' }, ANY, 200],
  [{ technician: 'bob', via: 'relay' }, ADMIN, /^only administrators/],
  [{ technician: 'bob', via: 'shell' }, ADMIN, /^only administrators/],
  [{ technician: 'alice', via: 'relay' }, ADMIN, 100],
  [{ technician: 'root', via: 'shell', isDevice: true }, ADMIN, 0],
  [{ technician: 'remote-admin', via: 'shell' }, ADMIN, 0],
  [{ technician: 'remote-admin' }, ANY, /is shared/],
  [{ technician: 'oobm', via: 'shell' }, ANY, /^the login oobm is shared/],
  [{ technician: 'alice' }, { ...ANY, sinceFor: () => undefined }, /not known yet/],
]
for (const [reader, rights, from] of CASES) {
  test(`${JSON.stringify(reader)}, ${rights.logRole}: ${from}`, () => {
    const found = mayReadFrom({ isDevice: false, ...reader }, rights)
    if (from instanceof RegExp) assert.match(String(found), from)
    else assert.is(found, from)
  })
}

const end = (ends: Record<string, number>) => (console: string) => ends[console]
const people = [{ name: 'alice' }, { name: 'bob', consoles: ['a'] }]

test('a right begins where the transcript ends when it is first seen, and stays there', () => {
  const first = accessNow({}, people, ['a', 'b'], end({ a: 0, b: 0 }))
  assert.equal(first, { alice: { a: 0, b: 0 }, bob: { a: 0 } })
  const more = [...people, { name: 'carol' }]
  assert.equal(accessNow(first, more, ['a', 'b'], end({ a: 50, b: 70 })), { ...first, carol: { a: 50, b: 70 } })
})

test('a right that was taken away begins anew', () => {
  const before = { alice: { a: 5 }, bob: { a: 5 } }
  const without = accessNow(before, [{ name: 'alice' }], ['a'], end({ a: 50 }))
  assert.equal(without, { alice: { a: 5 } })
  assert.equal(accessNow(without, people, ['a'], end({ a: 90 })), { alice: { a: 5 }, bob: { a: 90 } })
})

test('of a console without a transcript now, what was known stays and nothing begins', () => {
  assert.equal(
    accessNow({ alice: { a: 5 } }, people, ['a', 'b'], () => undefined),
    { alice: { a: 5 }, bob: {} },
  )
})

test('where the transcript was begun anew, rights begin with it', () => {
  assert.equal(accessNow({ bob: { a: 500 } }, people, ['a'], end({ a: 20 })).bob, { a: 20 })
})

test.run()
