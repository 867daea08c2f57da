import * as assert from 'uvu/assert'
import { UserError } from '../../../runtime/errors.ts'
import { suite } from '../../../testbed/suite.ts'
import { describeSettings } from '../../relay/settings/describe-settings.ts'
import { mergeViews, type SettingsView } from '../../relay/settings/settings-view.ts'
import { gatherViews } from './gather-views.ts'
import type { RelayMailbox } from './relay-mailbox.ts'
import { nextSerial } from './serials.ts'

const test = suite('settings at several relays')

const digest = (serial: number) => String(serial).padStart(64, '0')
const view = (serial: number, more: Partial<SettingsView> = {}): SettingsView => ({
  ...{ device: 'tokyo', connected: false, state: 'waiting', agoS: 60 },
  document: { digest: digest(serial), serial, bytes: 9, agoS: 60, by: 'carol' },
  ...more,
})
const answered = (serial: number, state: 'trial' | 'applied', answeredAgoS: number): SettingsView =>
  view(serial, {
    ...{ state, answeredAgoS, agoS: answeredAgoS },
    answer: { digest: digest(serial), state, serial, accepted: serial, sinceS: 0, cause: '' },
  })

/** A relay that says these views, one after the other, and then nothing until it is told to stop. */
function relay(name: string, views: readonly SettingsView[], isHere = true): RelayMailbox {
  return {
    name,
    leave: async () => {},
    watch: async (_devices, waitMs, { onLogin, onView, signal }) => {
      onLogin()
      if (!isHere) throw new UserError(`cannot reach ${name}`, 69)
      for (const one of views) onView(one)
      if (waitMs > 0 && !signal.aborted) await new Promise(done => signal.addEventListener('abort', done))
    },
  }
}

const gather = (relays: RelayMailbox[], devices = ['tokyo'], waitMs = 0) => {
  const seen: string[] = []
  const onView = (one: SettingsView) => seen.push(`${one.device} ${one.state}`)
  return gatherViews(relays, devices, { waitMs, onView, signal: new AbortController().signal }).then(all => ({
    ...all,
    seen,
  }))
}

test('the word of the relay that the device is at counts, for the newest document', () => {
  const cases: [SettingsView[], string][] = [
    [[view(7), view(7, { state: 'sent' })], 'sent'],
    [[view(7, { connected: true }), view(7)], 'waiting'],
    [[answered(7, 'applied', 5), view(7, { connected: true })], 'applied'],
    // It came back by the other relay, after the trial began at this one.
    [[answered(7, 'trial', 90), answered(7, 'applied', 3)], 'applied'],
    [[answered(6, 'applied', 3), view(7)], 'waiting'],
    [[view(7, { document: undefined, state: 'none' }), view(7)], 'waiting'],
  ]
  for (const [views, state] of cases) {
    for (const [first, ...more] of [views, views.toReversed()] as [SettingsView, ...SettingsView[]][])
      assert.is(mergeViews([first, ...more]).state, state, JSON.stringify(views))
  }
  const [line] = describeSettings([mergeViews([view(7, { connected: true }), view(7)])])
  assert.is(
    line,
    'tokyo  serial 7  waiting for the device for 1 min: it is connected, and does not come for it: its software may not know signed settings',
  )
})

test('waiting ends when each device has decided at some relay, and a relay that is away hides nothing', async () => {
  const osaka = { ...answered(3, 'applied', 1), device: 'osaka' }
  const relays = [
    relay('lon', [view(7), { ...view(3), device: 'osaka' }, answered(7, 'trial', 0), answered(7, 'applied', 0)]),
    relay('par', [view(7), osaka]),
    relay('fra', [], false),
  ]
  const { views, seen, code } = await gather(relays, ['tokyo', 'osaka'], 60_000)
  assert.equal(
    views.map(({ device, state }) => [device, state]),
    [
      ['tokyo', 'applied'],
      ['osaka', 'applied'],
    ],
  )
  assert.equal(seen, ['tokyo waiting', 'osaka waiting', 'tokyo trial', 'tokyo applied', 'osaka applied'])
  assert.is(code, 69)
  assert.equal((await gather([relay('lon', [], false)])).views, [])
})

test('no relay asks a person for something before the one before it is logged in', async () => {
  const order: string[] = []
  const slow = (name: string): RelayMailbox => ({
    ...relay(name, []),
    watch: async (_devices, _waitMs, { onLogin }) => {
      order.push(`${name} asks`)
      await Promise.resolve()
      order.push(`${name} is in`)
      onLogin()
    },
  })
  await gather([slow('lon'), slow('par')])
  assert.equal(order, ['lon asks', 'lon is in', 'par asks', 'par is in'])
})

test('a serial number is above everything that anybody knows of', () => {
  const accepted = (serial: number): SettingsView => ({
    ...{ device: 'tokyo', connected: true, state: 'none' },
    answer: { digest: digest(1), state: 'applied', serial: 1, accepted: serial, sinceS: 0, cause: '' },
  })
  assert.is(nextSerial(undefined, []), 1)
  assert.is(nextSerial({ serial: 4, content: '' }, [view(7), accepted(5)]), 8)
  assert.is(nextSerial(undefined, [accepted(41)]), 42)
  assert.is(nextSerial({ serial: 9, content: '' }, [view(7)]), 10)
  assert.throws(
    () => nextSerial({ serial: 4, content: '' }, [accepted(Number.MAX_SAFE_INTEGER)]),
    /is that relay what it was\?/,
  )
})

test.run()
