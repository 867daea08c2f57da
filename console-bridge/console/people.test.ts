import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import { describeWho, kick, putNote, sendMessage } from './people.ts'

const test = suite('people')

test('a message reaches the others, without anything that a terminal obeys', context => {
  const { console, attach } = fakeConsole(context)
  const alice = attach('alice')
  assert.match(JSON.stringify(sendMessage(console, alice.seat, 'hi')), 'nobody else is here')
  const olga = attach('olga', { role: 'observer' })
  assert.equal(sendMessage(console, olga.seat, 'look\x1b[2J \x07at\r\nthis'), { done: 'message sent to alice' })
  assert.is(alice.told.at(-1), 'message from olga: look[2J at this')
  assert.not(olga.told.some(text => text.startsWith('message from')))
  assert.match(JSON.stringify(sendMessage(console, olga.seat, '\x1b \r')), 'the message is empty')
})

test('a message may come from beside the sender’s own session, which is nobody else’s', context => {
  const { console, attach } = fakeConsole(context)
  const aside = { technician: 'alice', role: 'operator', from: '' } as const
  assert.match(JSON.stringify(sendMessage(console, aside, 'hi')), 'nobody else is here')
  const alice = attach('alice')
  assert.match(JSON.stringify(sendMessage(console, aside, 'hi')), 'nobody else is here')
  const bob = attach('bob')
  assert.equal(sendMessage(console, aside, 'hi'), { done: 'message sent to bob' })
  for (const { told } of [alice, bob]) assert.is(told.at(-1), 'message from alice: hi')
})

test('says who is here, who types, and who is idle', async context => {
  const { console, attach, pass } = fakeConsole(context)
  assert.equal(describeWho(console), ['nobody is at core-sw1'])
  const alice = attach('alice', { via: 'relay' })
  const bob = attach('bob')
  console.keyboard.takeOver(bob.seat)
  await pass(120_000)
  alice.seat.touch()
  assert.equal(
    describeWho(console, bob.seat).map(line => line.replace(/since .* UTC/, 'since T')),
    [
      '2 sessions at core-sw1',
      '  bob (you)          types    since T  idle 2 min  from x',
      '  alice (via relay)  watches  since T  active      from x',
    ],
  )
})

test('a note is seen by all, and only an operator writes it', async context => {
  const { console, attach } = fakeConsole(context)
  const [alice, olga] = [attach('alice'), attach('olga', { role: 'observer' })]
  assert.match(JSON.stringify(await putNote(console, olga.seat, 'x')), 'read-only')
  await putNote(console, alice.seat, 'do not reboot\x1b[0m')
  assert.match(olga.told.at(-1) ?? '', /^note by alice, .* UTC: do not reboot\[0m$/)
  assert.match(describeWho(console).at(-1) ?? '', 'do not reboot')
  await putNote(console, alice.seat, undefined)
  assert.is(console.note, undefined)
  assert.is(olga.told.at(-1), 'alice took the note off')
})

test('an administrator ends the sessions of another, and nobody else does', async context => {
  const { console, attach } = fakeConsole(context)
  const [alice, bob] = [attach('alice', { isAdmin: true }), attach('bob')]
  assert.equal(await kick(console, bob.seat, 'alice'), {
    cause: 'only an administrator of this device may end the session of another',
    refused: true,
  })
  assert.match(JSON.stringify(await kick(console, alice.seat, 'eve')), 'nobody called')
  assert.equal(await kick(console, alice.seat, 'bob'), { done: 'ended 1 session of bob' })
  assert.ok(bob.told.includes('dismissed: alice ended your session'))
  assert.ok(bob.told.includes('alice ended the session of bob'))
})

test.run()
