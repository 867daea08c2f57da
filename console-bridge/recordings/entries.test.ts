import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { describeEntries } from './describe-entries.ts'
import { ENTRIES_MAX, Entries } from './entries.ts'
import { type Entry, type EntryEnd, entryLine, keptOf } from './entry.ts'

const test = suite('entries')
const AT = Date.UTC(2026, 10, 26, 10, 2, 7)

const entryOf = (number: number, more: Partial<Entry> = {}): Entry => ({
  ...{ number, console: 'core-sw1', id: number, who: 'alice', from: '192.0.2.7:4022', role: 'operator', beganAt: AT },
  ...{ position: 1_000, size: '80x24' },
  ...more,
})
const endOf = (more: Partial<EntryEnd> = {}): EntryEnd => ({
  ...{ at: AT + 754_000, how: 'left', typedBytes: 340, position: 2_000 },
  ...more,
})

test('a later line replaces the earlier one; half lines and other consoles are left out', () => {
  const text = [
    entryLine(entryOf(1)),
    entryLine(entryOf(1, { end: endOf() })),
    entryLine(entryOf(2, { console: 'gone' })),
    '\n{"number":1}\nnull\n',
    entryLine(entryOf(2)).slice(0, 40),
    '\n',
    entryLine(entryOf(3)),
  ].join('')
  const entries = Entries.parse(text, ['core-sw1', 'core-sw2'])
  assert.equal(entries.of('core-sw1'), [entryOf(1, { end: endOf() }), entryOf(3)])
  assert.is(entries.nextNumber('core-sw1'), 4)
  assert.is(entries.nextNumber('core-sw2'), 1)
  assert.equal(entries.of('gone'), [])
})

test('keeps a number of entries for each console, never uses a number again, and tells when the file is long', () => {
  const entries = new Entries()
  let text = ''
  let rewritten = 0
  for (let number = 1; number <= 3_000; number++) {
    text += entries.put(entryOf(number)) ?? ''
    text += entries.put(entryOf(number, { end: endOf() })) ?? ''
    if (!entries.isFileLong) continue
    text = entries.text()
    rewritten++
  }
  entries.put(entryOf(1, { console: 'core-sw2' }))
  assert.is(entries.of('core-sw1').length, ENTRIES_MAX.people)
  assert.is(entries.of('core-sw1')[0]?.number, 2_801)
  assert.is(entries.of('core-sw2').length, 1)
  assert.is(entries.put(entryOf(7, { end: endOf() })), undefined, 'an end that comes too late')
  assert.ok(rewritten > 0 && rewritten < 20)
  assert.ok(text.length < 400_000, 'the file is bounded')
  assert.equal(Entries.parse(text, ['core-sw1']).of('core-sw1'), entries.of('core-sw1'))
})

test('a program that comes again and again pushes out programs, and no person', () => {
  const entries = new Entries()
  for (let number = 1; number <= 10; number++) entries.put(entryOf(number))
  for (let number = 11; number <= 1_000; number++) entries.put(entryOf(number, { who: 'nms (run)', size: undefined }))
  const kept = Entries.parse(entries.text(), ['core-sw1']).of('core-sw1')
  assert.equal(
    kept.slice(0, 11).map(({ number }) => number),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_001 - ENTRIES_MAX.programs],
  )
  assert.is(kept.length, 10 + ENTRIES_MAX.programs)
  assert.is(entries.nextNumber('core-sw1'), 1_001)
})

test('tells how much of a recording is left', () => {
  const ended = entryOf(1, { end: endOf() })
  assert.is(keptOf(ended, 0), 'all')
  assert.is(keptOf(ended, 1_000), 'all')
  assert.is(keptOf(ended, 1_001), 'part')
  assert.is(keptOf(ended, 2_000), 'none')
  assert.is(keptOf(entryOf(1), 5_000), 'part', 'it goes on')
  assert.is(keptOf(entryOf(1, { position: undefined }), 0), 'none', 'the disk took nothing')
  // A power cut: the card has the entry, and not what it points to.
  assert.is(keptOf(entryOf(1, { end: endOf({ how: 'restart', position: 900 }) }), 0), 'none')
})

test('the list says who, from where, when, for how long, how much they typed, and how it ended', () => {
  const lines = describeEntries(
    [
      entryOf(9, { end: endOf({ how: 'restart' }), position: undefined }),
      entryOf(10, { end: endOf() }),
      entryOf(11, {
        who: 'bob (via relay)',
        end: endOf({ at: AT + 20_000_000, how: 'disconnected' }),
        position: 1_500,
      }),
      entryOf(12, { position: 3_000 }),
    ],
    1_200,
  )
  assert.equal(lines, [
    'N   WHO              FROM            BEGAN                    LASTED      TYPED  HOW IT ENDED',
    '9   alice            192.0.2.7:4022  2026-11-26 10:02:07 UTC  -           -      ended by a restart; nothing is left',
    '10  alice            192.0.2.7:4022  2026-11-26 10:02:07 UTC  13 min      340 B  left; the beginning is gone',
    '11  bob (via relay)  192.0.2.7:4022  2026-11-26 10:02:07 UTC  5 h 33 min  340 B  disconnected',
    '12  alice            192.0.2.7:4022  2026-11-26 10:02:07 UTC  -           -      goes on',
  ])
  assert.equal(describeEntries([], 0), ['no session is recorded'])
})

test.run()
