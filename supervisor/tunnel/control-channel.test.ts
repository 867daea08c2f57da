import { type Duplex, duplexPair } from 'node:stream'
import * as assert from 'uvu/assert'
import type { RelayOrder } from '../../formats/control-protocol.ts'
import { suite } from '../../testbed/suite.ts'
import { settle } from '../ssh/testing/scripted-connection.ts'
import { controlOf } from './control-channel.ts'
import { readLines } from './read-lines.ts'

const test = suite('control-channel')
const ever = () => new AbortController().signal

/** A control channel, the relay's end of it, and what the device has written there. */
function channel({ said = [], pause }: { said?: RelayOrder[]; pause?: () => Promise<unknown> } = {}) {
  const [stream, relay] = duplexPair() as [Duplex, Duplex]
  const heard: string[] = []
  const listen = () => relay.on('data', bytes => heard.push(String(bytes)))
  const control = controlOf(stream, readLines(stream), said, pause)
  return { control, stream, relay, heard, listen }
}

test('a question has the answer that comes after it, at whichever point the bytes are cut', async () => {
  const answer = 'noise\nothers 17\n'
  for (let at = 0; at <= answer.length; at++) {
    const { control, relay, heard, listen } = channel()
    listen()
    const asked = control.others(ever())
    await settle()
    assert.equal(heard, ['others\n'])
    relay.write(answer.slice(0, at))
    await settle()
    relay.write(answer.slice(at))
    assert.is(await asked, 17, `cut at ${at}`)
  }
})

test('each question has its own answer, whichever comes first', async () => {
  const { control, relay } = channel()
  const others = control.others(ever())
  const listening = control.listening(ever())
  relay.write('listening no\nothers 3\n')
  assert.is(await listening, 'no')
  assert.is(await others, 3)
})

test('nobody else is no number', async () => {
  const { control, relay } = channel()
  const asked = control.others(ever())
  relay.write('others none\n')
  assert.is(await asked, undefined)
})

test('an answer that nobody asked for is the answer to nothing', async () => {
  const { control, relay } = channel()
  relay.write('listening yes\n')
  await settle()
  const asked = control.listening(ever())
  relay.write('listening unknown\n')
  assert.is(await asked, 'unknown')
})

test('a question ends without an answer: aborted, aborted before, the channel closed, closed before', async () => {
  const { control, relay, heard, listen, stream } = channel()
  listen()
  assert.is(await control.listening(AbortSignal.abort()), undefined)
  assert.equal(heard, [], 'an aborted question is not asked')
  const over = new AbortController()
  const aborted = control.listening(over.signal)
  over.abort()
  assert.is(await aborted, undefined)
  const closed = control.listening(ever())
  relay.end()
  assert.is(await closed, undefined)
  stream.destroy()
  await settle()
  assert.is(await control.others(ever()), undefined)
})

test('the orders that came before there was a listener are kept, and come first', async () => {
  const { control, relay } = channel({ said: [{ type: 'maintenance', off: true }] })
  relay.write('blink 5\n')
  await settle()
  const orders: RelayOrder[] = []
  control.listen(order => orders.push(order))
  relay.write('maintenance on\n')
  await settle()
  assert.equal(orders, [
    { type: 'maintenance', off: true },
    { type: 'blink', seconds: 5 },
    { type: 'maintenance', off: false },
  ])
})

test('of the orders that nobody hears the latest of each kind holds, however many came', async () => {
  const { control, relay } = channel({ said: [{ type: 'maintenance', off: false }] })
  for (let count = 1; count <= 17; count++) relay.write(`blink ${count}\n`)
  relay.write('maintenance off - - alice\nblink 18\n')
  await settle()
  const orders: RelayOrder[] = []
  control.listen(order => orders.push(order))
  assert.equal(orders, [
    { type: 'maintenance', off: true, by: 'alice' },
    { type: 'blink', seconds: 18 },
  ])
  relay.write('listening yes\n')
  const asked = control.listening(ever())
  relay.write('listening no\n')
  assert.is(await asked, 'yes', 'the relay is heard as before')
})

test('a relay that floods is obeyed 32 times, and then has to wait', async () => {
  const pauses: (() => void)[] = []
  const pause = () => new Promise<void>(resolve => pauses.push(resolve))
  const { control, relay } = channel({ pause })
  let obeyed = 0
  control.listen(() => obeyed++)
  relay.write('blink 1\n'.repeat(100))
  await settle()
  assert.is(obeyed, 32)
  pauses[0]?.()
  await settle()
  assert.is(obeyed, 64)
})

test('messages that this version does not know are ignored', async () => {
  const { control, relay } = channel()
  const orders: RelayOrder[] = []
  control.listen(order => orders.push(order))
  relay.write('\nreboot now\nmaintenance\nblink x\nrelay a\nblink 2\n')
  await settle()
  assert.equal(orders, [{ type: 'blink', seconds: 2 }])
})

test('what a relay does not read is not piled up', async () => {
  const { control } = channel()
  let sent = 0
  while (sent < 1_000 && control.send('x'.repeat(1_000))) sent++
  assert.ok(sent > 15 && sent < 60, `${sent} KB were taken`)
  assert.is(await control.others(ever()), undefined, 'a question that cannot be asked has no answer')
})

test('nothing is written to a channel that is closed', async () => {
  const { control, stream } = channel()
  assert.ok(control.send('report'))
  stream.destroy()
  assert.not(control.send('report'))
})

test.run()
