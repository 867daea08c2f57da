import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { Names } from './names.ts'
import { Nat64, type Translated } from './nat64.ts'

const test = suite('nat64 of a network')

const WELL_KNOWN = ['64:ff9b::c000:aa', '64:ff9b::c000:ab']
const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))

/** Asks once, with a name server that answers so. */
async function ask(nat64: Nat64, lookup: () => Promise<string[]>, network: string | undefined = 'eth0 fe80') {
  const asked: [string, 6 | undefined][] = []
  const names = new Names((host, family) => {
    asked.push([host, family])
    return lookup()
  })
  const offered: string[] = []
  const offer = (list: readonly Translated[]) => offered.push(...list.map(({ address }) => address))
  const { signal } = new AbortController()
  const answer = await nat64.translate({ ipv4: ['192.0.2.1'], names, network, signal, offer })
  assert.equal(asked, [['ipv4only.arpa', 6]])
  return [answer, ...offered]
}

test('asks the network, and offers what it answers', async () => {
  assert.equal(await ask(new Nat64(), async () => WELL_KNOWN), ['found', '64:ff9b::c000:201'])
  assert.equal(await ask(new Nat64(), async () => ['2001:db8::1']), ['none'])
  assert.equal(await ask(new Nat64(), failing('ENOTFOUND')), ['none'])
  assert.equal(await ask(new Nat64(), failing('EAI_AGAIN')), ['silent'])
})

test('uses the last answer of the same network while its name server is silent, and of no other one', async () => {
  const nat64 = new Nat64()
  await ask(nat64, async () => WELL_KNOWN)
  assert.equal(await ask(nat64, failing('EAI_AGAIN')), ['found', '64:ff9b::c000:201'])
  assert.equal(await ask(nat64, failing('EAI_AGAIN'), 'wlan0 fe80'), ['silent'])
  assert.equal(await ask(nat64, failing('ENOTFOUND')), ['none', '64:ff9b::c000:201'])
  assert.equal(await ask(nat64, failing('EAI_AGAIN')), ['silent'], 'it has none any more')
})

test('what is offered, and what is remembered, has a bound', async () => {
  const nat64 = new Nat64()
  const many = Array.from({ length: 300 }, (_, at) => `2001:db8:${at.toString(16)}::c000:aa`)
  assert.is((await ask(nat64, async () => many)).length, 1 + 4)
  for (let at = 0; at < 40; at++) await ask(nat64, async () => WELL_KNOWN, `eth${at} fe80`)
  assert.equal(await ask(nat64, failing('EAI_AGAIN'), 'eth0 fe80'), ['silent'])
  assert.equal(await ask(nat64, failing('EAI_AGAIN'), 'eth39 fe80'), ['found', '64:ff9b::c000:201'])
})

test.run()
