import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { Radio, type RadioLook } from './radio.ts'
import { nextStep, type StuckFacts } from './stuck-wifi.ts'

const test = suite('stuck Wi-Fi')

const MINUTE_MS = 60_000
const BLOCKED: StuckFacts = {
  nowMs: 0,
  trouble: { kind: 'blocked', sinceMs: 0 },
  asked: {},
  hasWorked: true,
  isElsewhere: false,
  mayReboot: true,
}

/** What is done in so many minutes, when each look changes the facts like this. */
function history(change: (minute: number) => Partial<RadioLook>, minutes: number, hasWorked = true): string[] {
  const radio = new Radio('wlan0', hasWorked)
  const done: string[] = []
  for (let minute = 0; minute <= minutes; minute += 0.25) {
    const nowMs = minute * MINUTE_MS
    const look = { nowMs, isConnected: false, blocked: 'is in no network', isTried: true, isElsewhere: false }
    const step = radio.look({ ...look, mayReboot: true, ...change(minute) })
    if (step === undefined) continue
    radio.asked(step, nowMs)
    done.push(`${minute} ${step}`)
  }
  return done
}

test('logs in again after 3 minutes, reloads the driver 5 minutes later, and asks for a reboot after an hour', () => {
  assert.equal(
    history(() => ({}), 85),
    [
      ...['3 reassociate', '8 reload-driver', '33 reassociate', '60 reboot', '65 reassociate', '70 reload-driver'],
      ...['75 reboot', '80.25 reassociate'].slice(0, 1),
    ],
  )
})

test('does nothing while a relay is reached over it, and begins anew after that', () => {
  assert.equal(
    history(() => ({ isConnected: true }), 200),
    [],
  )
  assert.equal(
    history(minute => ({ isConnected: minute > 5 && minute < 10 }), 14),
    ['3 reassociate', '13 reassociate'],
  )
})

test('does not reboot for what is behind the gateway: it logs in again after a quarter of an hour, and each hour', () => {
  assert.equal(
    history(() => ({ blocked: undefined }), 200),
    [...['15 reassociate', '75 reassociate', '135 reassociate', '195 reassociate']],
  )
  // A standby that nobody has tried is left alone.
  assert.equal(
    history(() => ({ blocked: undefined, isTried: false }), 200),
    [],
  )
})

test('does not reboot while something else leads out, where the Wi-Fi never worked since the start, and where that is switched off', () => {
  const reboots = (steps: string[]) => steps.filter(step => step.endsWith('reboot'))
  assert.equal(reboots(history(() => ({ isElsewhere: true }), 500)), [])
  assert.equal(reboots(history(() => ({ mayReboot: false }), 500)), [])
  assert.equal(reboots(history(() => ({}), 500, false)), [])
  assert.ok(reboots(history(() => ({}), 500)).length > 1)
})

test('counts the hour from the beginning of the trouble, and each trouble by itself', () => {
  // For one look in an hour the gateway answers.
  const flapping = history(minute => ({ blocked: minute % 50 === 0 && minute > 0 ? undefined : 'has no address' }), 400)
  assert.equal(
    flapping.filter(step => step.endsWith('reboot')),
    [],
  )
})

test('waits for a step to help before the next one, and takes the mildest of several', () => {
  const at = (facts: Partial<StuckFacts>) => nextStep({ ...BLOCKED, ...facts })
  assert.equal(at({}), { step: 'reassociate', atMs: 3 * MINUTE_MS })
  assert.equal(at({ asked: { reassociate: 7 * MINUTE_MS } }), { step: 'reload-driver', atMs: 12 * MINUTE_MS })
  assert.is(at({ trouble: undefined }), undefined)
  // A reboot comes after a driver that was reloaded in vain.
  const late = { nowMs: 100 * MINUTE_MS, asked: { reassociate: 99 * MINUTE_MS } }
  assert.equal(at(late), { step: 'reload-driver', atMs: 104 * MINUTE_MS })
})

test('does not count the time for which the radio is a hotspot, and lets it look for its network after that', () => {
  const radio = new Radio('wlan0', true)
  const done: string[] = []
  const go = (from: number, to: number, isHotspot: boolean) => {
    for (let minute = from; minute < to; minute += 0.25) {
      const nowMs = minute * MINUTE_MS
      if (isHotspot) {
        radio.away(nowMs)
        continue
      }
      const look = {
        isConnected: false,
        blocked: 'is in no network',
        isTried: true,
        isElsewhere: false,
        mayReboot: true,
      }
      const step = radio.look({ nowMs, ...look })
      if (step === undefined) continue
      radio.asked(step, nowMs)
      done.push(`${minute} ${step}`)
    }
  }
  go(0, 5, false)
  // Somebody is on it for three hours.
  go(5, 185, true)
  go(185, 190, false)
  assert.equal(done, ['3 reassociate', '188 reload-driver'])
  assert.is(radio.recovery?.since, 0)
  // By itself, nobody comes: five minutes each, in turns. Ten of them were looked at so far; the sixtieth is at 295, as it is back.
  for (let cycle = 0; cycle < 11; cycle += 1) {
    const start = 190 + cycle * 10
    go(start, start + 5, true)
    go(start + 5, start + 10, false)
  }
  assert.equal(
    done.filter(step => step.endsWith('reboot')),
    ['297 reboot'],
  )
})

test('gives a radio that was a hotspot two minutes before anything is done to it', () => {
  const radio = new Radio('wlan0', true)
  const look = { isConnected: false, blocked: 'is in no network', isTried: true, isElsewhere: false, mayReboot: true }
  radio.look({ nowMs: 0, ...look })
  radio.look({ nowMs: 2.75 * MINUTE_MS, ...look })
  radio.away(2.9 * MINUTE_MS)
  radio.away(60 * MINUTE_MS)
  assert.is(radio.look({ nowMs: 60.25 * MINUTE_MS, ...look }), undefined)
  assert.equal(radio.recovery?.next, { step: 'reassociate', at: 62.25 * MINUTE_MS })
  assert.is(radio.look({ nowMs: 62 * MINUTE_MS, ...look }), undefined)
  assert.is(radio.look({ nowMs: 62.25 * MINUTE_MS, ...look }), 'reassociate')
})

test('says what is wrong, what was done and what comes next', () => {
  const radio = new Radio('wlan0', true)
  const look = { isConnected: false, blocked: 'has no address', isTried: true, isElsewhere: false, mayReboot: true }
  radio.look({ nowMs: 0, ...look })
  assert.is(radio.look({ nowMs: 3 * MINUTE_MS, ...look }), 'reassociate')
  radio.asked('reassociate', 3 * MINUTE_MS)
  assert.equal(radio.unanswered, { step: 'reassociate', interface: 'wlan0' })
  radio.answered({ result: 'refused', detail: 'too soon' })
  radio.look({ nowMs: 4 * MINUTE_MS, ...look })
  assert.equal(radio.recovery, {
    ...{ interface: 'wlan0', cause: 'has no address', since: 0 },
    steps: [{ step: 'reassociate', at: 3 * MINUTE_MS, result: 'refused', detail: 'too soon' }],
    next: { step: 'reload-driver', at: 8 * MINUTE_MS },
  })
  radio.look({ nowMs: 5 * MINUTE_MS, ...look, isConnected: true })
  assert.is(radio.recovery, undefined)
})

test.run()
