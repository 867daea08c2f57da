import * as assert from 'uvu/assert'
import type { WifiConfig } from '../../formats/site-config.ts'
import { suite } from '../../testbed/suite.ts'
import { type Change, inOrder, type Place, planChange } from './plan-change.ts'

const test = suite('changes of Wi-Fi networks')

const network = (ssid: string, priority: number, more: Partial<WifiConfig> = {}): WifiConfig => ({
  ...{ ssid, priority, passphrase: 'correct horse', security: 'auto', hidden: false },
  ...more,
})
const known = (...numbers: number[]) => numbers.map((priority, at) => network('ABCDEFG'[at] ?? '', priority))
const add = (ssid: string, passphrase = 'a new passphrase'): Change => ({
  kind: 'add',
  network: { ssid, passphrase, security: 'auto', hidden: false },
})
const at = (ssid: string, isNext = false): Place => ({ ssid, isNext })

function of(before: WifiConfig[], change: Change, place?: Place): string {
  const plan = planChange(before, change, place)
  if (plan === undefined) return 'nothing'
  const list = inOrder(plan.wifi).map(({ ssid, priority }) => `${ssid}${priority}`)
  return `${list.join(' ')}${plan.needsTrial ? ' on trial' : ''}`
}

test('a new network is the last choice, and needs no trial', () => {
  const rows: [numbers: number[], after: string][] = [
    [[], 'Lab0'],
    [[5], 'A5 Lab4'],
    [[10, 3], 'A10 B3 Lab2'],
    // Those of the same priority stay so.
    [[0, 0], 'A1 B1 Lab0'],
    [[0, 7], 'B8 A1 Lab0'],
    [[1000, 0, 0], 'A2 B1 C1 Lab0'],
  ]
  for (const [numbers, after] of rows) assert.is(of(known(...numbers), add('Lab'), at('A')), after)
})

test('a preferred network is before all others, on trial where the board leaves its own for it', () => {
  const rows: [numbers: number[], ssid: string, place: Place | undefined, after: string][] = [
    [[0, 0], 'B', at('A'), 'B1 A0 on trial'],
    [[0, 0], 'B', at('B'), 'B1 A0'],
    [[0, 0], 'B', undefined, 'B1 A0'],
    [[10, 3], 'B', at('A'), 'B11 A10 on trial'],
    [[10, 3], 'A', at('B'), 'nothing'],
    [[1000, 3], 'B', at('A'), 'B1 A0 on trial'],
    [[1000, 3, 3], 'B', at('A'), 'B2 A1 C0 on trial'],
    [[4], 'A', at('A'), 'nothing'],
  ]
  for (const [numbers, ssid, place, after] of rows)
    assert.is(of(known(...numbers), { kind: 'prefer', ssid }, place), after, `${numbers} ${ssid}`)
})

test('a network that the board is in is removed on trial, any other at once', () => {
  const remove: Change = { kind: 'remove', ssid: 'A' }
  assert.is(of(known(3, 2), remove, at('A')), 'B2 on trial')
  assert.is(of(known(3, 2), remove, at('B')), 'B2')
  assert.is(of(known(3), remove, at('A')), ' on trial')
  assert.is(of(known(3), remove), '')
  assert.throws(() => of(known(3), { kind: 'remove', ssid: 'a' }), '"a" is none of the networks')
})

test('a passphrase beside the present one keeps the one that works', () => {
  const both = [network('A', 0, { nextPassphrase: 'the second' })]
  const rows: [place: Place | undefined, now: string, next: string][] = [
    [at('A'), 'correct horse', 'the third'],
    [undefined, 'correct horse', 'the third'],
    [at('A', true), 'the second', 'the third'],
    [at('B', true), 'correct horse', 'the third'],
  ]
  for (const [place, now, next] of rows) {
    const plan = planChange(both, add('A', 'the third'), place)
    const [{ passphrase, nextPassphrase, source } = network('', 0)] = plan?.wifi ?? []
    assert.equal([passphrase, nextPassphrase, source, plan?.needsTrial], [now, next, 'hand', false])
    // In the new networks, it is in by the first.
    if (place?.ssid === 'A') assert.equal(plan?.place, at('A'))
  }
  assert.throws(() => planChange(both, add('A', 'the second'), undefined), 'has this passphrase already')
  const open = [network('A', 0, { passphrase: undefined })]
  assert.throws(() => planChange(open, add('A'), undefined), 'remove it first')
})

test.run()
