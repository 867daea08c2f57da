/** The console itself refuses, whoever asks and by whatever way. */
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { fakeConsole } from '../testing/fake-console.ts'
import type { Person } from './person.ts'

const test = suite('right to send')
const OBSERVER = 'read-only: you are an observer; neither typing nor BREAK is sent'
const WATCHES = 'read-only: this session only watches; neither typing nor BREAK is sent'

const CASES: [role: Person['role'], via: Person['via'], viewOnly: boolean, refusal: string | undefined][] = [
  ['operator', undefined, false, undefined],
  ['operator', undefined, true, WATCHES],
  ['operator', 'relay', false, undefined],
  ['operator', 'relay', true, WATCHES],
  ['observer', undefined, false, OBSERVER],
  ['observer', undefined, true, OBSERVER],
  ['observer', 'relay', false, OBSERVER],
]

for (const [role, via, viewOnly, refusal] of CASES) {
  const who = `${role}${via ? ` via ${via}` : ''}${viewOnly ? ' who watches' : ''}`
  test(`${who}: ${refusal === undefined ? 'types, takes over and sends BREAK' : 'nothing reaches the line'}`, async context => {
    const { console, line, attach } = fakeConsole(context)
    const { seat: other } = attach('bob')
    const person: Person = { technician: 'alice', role, from: 'x', ...(via && { via }) }
    const { seat } = attach('alice', { role, viewOnly, ...(via && { via }) })
    assert.is(seat.mayType, refusal === undefined)
    assert.is(console.keyboard.takeOver(seat), refusal)
    assert.is(console.writer, refusal === undefined ? seat : other)
    assert.is(console.input.type(seat, Buffer.from('reload')), refusal === undefined ? 'taken' : 'observer')
    const byKey = await console.breaks.send(seat, undefined, context.signal)
    const refused = { sent: false, refused: true, cause: refusal }
    assert.equal(byKey, refusal === undefined ? { sent: true } : refused)
    // The command `break` has no session, only the person.
    const byCommand = await console.breaks.send(person, undefined, context.signal)
    assert.equal(byCommand, role === 'operator' ? { sent: true } : { ...refused, cause: OBSERVER })
    const breaks = role === 'observer' ? 0 : viewOnly ? 1 : 2
    assert.is(line.log.filter(item => item === 'break on').length, breaks)
    assert.is(line.sent.includes('reload'), refusal === undefined)
  })
}

test.run()
