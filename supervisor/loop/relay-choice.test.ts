import * as assert from 'uvu/assert'
import type { RelayConfig } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import type { Failure } from '../failure.ts'
import { RelayChoice } from './relay-choice.ts'

const test = suite('relay-choice')

const relay = (host: string) => ({ host, port: 443, user: 'oobm', hostKeys: [] }) as RelayConfig
const [A, B, C] = [relay('a'), relay('b'), relay('c')]
const failure = (cause: string): Failure => ({ state: 'no-relay', cause })

test('begins with the first, goes to the next after each failure, and round again', () => {
  const choice = new RelayChoice([A, B, C])
  const seen = [choice.present]
  for (let count = 0; count < 3; count++) {
    choice.failed(failure(''))
    seen.push(choice.present)
  }
  assert.equal(seen, [A, B, C, A])
  assert.is(choice.preferred, A)
})

test('knows how the last try at each relay ended, the present one’s last', () => {
  const choice = new RelayChoice([A, B])
  assert.equal(choice.lastFailures, [])
  choice.failed(failure('a1'))
  choice.failed(failure('b1'))
  choice.failed(failure('a2'))
  assert.equal(choice.lastFailures, [failure('b1'), failure('a2')])
  choice.lostProved()
  assert.equal(choice.lastFailures, [])
  assert.is(choice.present, B, 'what was lost is tried again')
})

test('a tunnel that took over is where it goes on, and what failed before is over', () => {
  const choice = new RelayChoice([A, B])
  choice.failed(failure('a'))
  choice.movedTo(A)
  assert.is(choice.present, A)
  assert.equal(choice.lastFailures, [])
})

test('a relay that sends the device on makes the other one the preferred, for good', () => {
  const choice = new RelayChoice([A, B, C])
  choice.redirected(B)
  assert.is(choice.present, B)
  assert.is(choice.preferred, B)
  choice.failed(failure('b'))
  assert.is(choice.present, C)
  assert.is(choice.preferred, B)
})

test('all relays from the present one on, for a second connection', () => {
  const choice = new RelayChoice([A, B, C])
  assert.equal(choice.fromPresent, [A, B, C])
  choice.failed(failure('a'))
  assert.equal(choice.fromPresent, [B, C, A])
  choice.failed(failure('b'))
  assert.equal(choice.fromPresent, [C, A, B])
})

test.run()
