import * as assert from 'uvu/assert'
import { EXIT } from '../../../runtime/errors.ts'
import { suite } from '../../../testbed/suite.ts'
import { nextTime } from './at-time.ts'
import { type DeviceState, isDone, parseState, standingOf, whyNot } from './device-state.ts'
import { exitCodeOf, type Outcome, type OutcomeKind, summary } from './outcome.ts'
import { type Package, packagesFor, problemOf } from './packages.ts'

const test = suite('judgements of an upgrade')
const MIB = 1_048_576
const ours: Package = {
  ...{ path: 'a.deb', name: 'oobm-device', version: '2', architecture: 'arm64' },
  ...{ bytes: 2 * MIB, sha256: 'a'.repeat(64) },
}
const SAID = `Warning: something that ssh says
oobm: boot b1
oobm: architecture arm64
oobm: free_kib 100000
oobm: file ${ours.sha256} 1000
oobm: package oobm-device 1 installed
oobm: package htop 3 not-installed
oobm: code 0
oobm: state data ok
oobm: state generation 1
oobm: state free_mib 900
oobm: state needed_mib 400
oobm: state log the last \u001b[31mline
`

function state(changes: Partial<DeviceState> = {}): DeviceState {
  const whole = parseState(SAID)
  if (whole === undefined) throw new Error('it is whole')
  return { ...whole, ...changes }
}

test('reads what a device says, and takes half an answer for none', () => {
  const found = state()
  assert.equal([...found.versions], [['oobm-device', '1']])
  assert.is(found.files.get(ours.sha256), 1000)
  assert.is(found.lastLogLine, 'the last ?[31mline')
  assert.equal(found.room, { free: 900, needed: 400 })
  assert.is(parseState(SAID.replace('oobm: code 0\n', '')), undefined)
  const old = parseState(SAID.replace('code 0', 'code 64'))
  assert.match(old?.unable ?? '', /older than upgrades from afar/)
  const plain = parseState(SAID.replace(/code 0\n[\s\S]*/, 'code 69\noobm: state not made from our card image\n'))
  assert.is(plain?.unable, 'not made from our card image')
})

test('says why a device takes no upgrade now', () => {
  assert.is(whyNot(state(), [ours]), undefined)
  for (const [changes, why] of [
    [{ unable: 'use apt' }, /use apt/],
    [{ lost: true }, /replace the card/],
    [{ hasSettingsTrial: true }, /settings from afar are on trial/],
    [{ room: { free: 409, needed: 400 } }, /97 MiB free, and 410 MiB may be needed/],
    [{ freeKib: 2000 }, /its home has 2000 KiB free/],
  ] as const)
    assert.match(whyNot(state(changes), [ours]) ?? '', why)
})

test('knows how an upgrade stands, whatever start of the device answers', () => {
  const before = state()
  const versions = new Map([['oobm-device', '2']])
  for (const [changes, kind] of [
    [{ isMaking: true }, 'making'],
    [{ isNext: true }, 'restarting'],
    [{ boot: 'b2', isOnTrial: true, versions }, 'on trial'],
    [{ boot: 'b2', versions }, 'done'],
    [{ boot: 'b2', fallen: '2' }, 'failed'],
    // Installed once more, and not proved.
    [{ boot: 'b2', fallen: '2', versions }, 'failed'],
    [{ boot: 'b2' }, 'failed'],
    [{}, 'failed'],
    // Of an earlier upgrade, at the same start.
    [{ versions }, 'failed'],
  ] as const)
    assert.is(standingOf(state(changes), before, [ours]).kind, kind, JSON.stringify(changes))
  const onTrial = state({ isOnTrial: true, versions })
  assert.is(standingOf(state({ versions }), onTrial, [ours]).kind, 'done')
  assert.is(isDone(onTrial, [ours]), false)
  assert.is(isDone(state({ versions }), [ours]), true)
})

test('gives each device the files of its architecture, and says which is missing', () => {
  const armel = { ...ours, path: 'b.deb', architecture: 'armel' }
  const all = { ...ours, path: 'c.deb', name: 'tool', architecture: 'all' }
  assert.equal(packagesFor([ours, armel, all], 'armel'), [armel, all])
  assert.is(packagesFor([ours, armel], 'amd64'), 'it is amd64, and oobm-device is given for arm64 and armel only')
  assert.is(problemOf([ours, armel], false), undefined)
  assert.match(problemOf([{ ...ours, name: 'oobm-relay' }], true) ?? '', /the relay's package/)
  assert.match(problemOf([all], false) ?? '', /--any-package/)
  assert.is(problemOf([all], true), undefined)
  assert.match(problemOf([ours, { ...ours, path: 'd.deb' }], false) ?? '', /both oobm-device for arm64/)
})

test('an exit code of 0 means every device; one of 69, that only a way there is missing', () => {
  const of = (...kinds: OutcomeKind[]) => exitCodeOf(kinds.map((kind): Outcome => ({ kind, detail: '' })))
  assert.is(of('done', 'already'), EXIT.ok)
  assert.is(of('done', 'unreachable'), EXIT.unavailable)
  for (const kind of ['failed', 'refused', 'under way', 'not tried'] as const)
    assert.is(of('done', 'unreachable', kind), EXIT.failed, kind)
})

test('the summary counts each end, and names the devices that are not upgraded', () => {
  const outcomes = new Map<string, Outcome>([
    ['a', { kind: 'done', detail: 'oobm-device 2' }],
    ['b', { kind: 'unreachable', detail: 'timeout' }],
    ['c', { kind: 'unreachable', detail: 'timeout' }],
    ['d', { kind: 'failed', detail: 'no proof' }],
    ['e', { kind: 'not tried', detail: 'stopped, because d failed' }],
  ])
  assert.equal(summary(outcomes), [
    '1 upgraded',
    '1 failed:',
    '  d: no proof',
    '2 not reached, nothing changed there:',
    '  b c: timeout',
    '1 not tried:',
    '  e: stopped, because d failed',
  ])
})

test('--at is the next time that the clock here shows, today or tomorrow', () => {
  const nowMs = new Date(2026, 10, 26, 19, 0).getTime()
  assert.is(nextTime('20:30', nowMs), new Date(2026, 10, 26, 20, 30).getTime())
  assert.is(nextTime('02:00', nowMs), new Date(2026, 10, 27, 2, 0).getTime())
  for (const text of ['24:00', '2:00', '02:60', 'soon']) assert.throws(() => nextTime(text, nowMs), /such as 02:00/)
})

test.run()
