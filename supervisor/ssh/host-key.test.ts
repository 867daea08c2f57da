import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { checkHostKey } from './host-key.ts'

const test = suite('host-key')
const PINNED = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDbnmHS+8Y0Pw7cRuyxH1EbU9JZRqj6bRsPyP+Xz6kx6'
const blob = Buffer.from(PINNED.split(' ')[1] as string, 'base64')

test('accepts the pinned key and nothing else, always with a strict boolean', () => {
  const other = Buffer.from(blob)
  other[other.length - 1] = (other.at(-1) as number) ^ 1
  const cases: [unknown, boolean][] = [
    [blob, true],
    [other, false],
    [blob.subarray(0, -1), false],
    [Buffer.concat([blob, Buffer.from([0])]), false],
    [Buffer.alloc(0), false],
    [undefined, false],
    [null, false],
    [PINNED, false],
  ]
  for (const [offered, expected] of cases) assert.is(checkHostKey([PINNED]).verify(offered as Buffer), expected)
})

test('accepts nothing when nothing is pinned, or when what is pinned is damaged', () => {
  assert.is(checkHostKey([]).verify(blob), false)
  assert.is(checkHostKey(['ssh-ed25519']).verify(blob), false)
  assert.is(checkHostKey(['ssh-ed25519']).verify(Buffer.alloc(0)), false)
})

test('an exception in the check is a no', () => {
  const hostile = new Proxy(blob, {
    get() {
      throw new Error('gotcha')
    },
  })
  assert.is(checkHostKey([PINNED]).verify(hostile), false)
})

test('asks the server only for keys of the pinned types, and never for SHA-1', () => {
  assert.equal(checkHostKey([PINNED, 'ssh-rsa AAAA']).algorithms, ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256'])
})

test.run()
