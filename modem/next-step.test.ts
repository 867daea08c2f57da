import * as assert from 'uvu/assert'
import { ANY_MODEM, type CellularConfig } from '../formats/cellular-settings.ts'
import { suite } from '../testbed/suite.ts'
import { METHOD, STATE } from './modem-manager/names.ts'
import type { BearerFacts, ModemFacts } from './modem-manager/read-modems.ts'
import { assignModems, type Memory, nextStep } from './next-step.ts'

const test = suite('next step of a modem')

const config: CellularConfig = { interface: ANY_MODEM, apn: 'internet', roaming: false }
const fresh: Memory = { failures: 0, failure: undefined, bearer: undefined, pinProblem: undefined }
const modem = (more: Partial<ModemFacts> = {}): ModemFacts => ({
  ...{ path: '/Modem/0', model: 'Example', interfaces: ['wwan0'], state: STATE.registered, failedReason: 0, lock: 1 },
  ...{ pinTries: 3, registration: 1, operator: 'Home', technologies: 0, signal: { percent: 50, isRecent: true } },
  ...{ sim: '/SIM/0', simIdentifier: '1', bearers: [], ...more },
})
const bearer = (more: Partial<BearerFacts> = {}): BearerFacts => ({
  ...{ path: '/Bearer/0', isConnected: true, interface: 'wwan0', apn: 'internet', user: '', password: '', family: 4 },
  ip4: { method: METHOD.static, address: '10.0.0.1', prefix: 30, gateway: '', dns: [], mtu: 0 },
  ip6: undefined,
  ...more,
})
const connected = (more: Partial<BearerFacts> = {}, of: Partial<ModemFacts> = {}) =>
  modem({ state: STATE.connected, bearers: [bearer(more)], ...of })

test('says what stands in the way, and does the one thing that may help', () => {
  const locked = { state: STATE.locked, lock: 2 }
  const pin = { ...config, pin: '0123' }
  const cases: [ModemFacts | undefined, CellularConfig, Partial<Memory>, state: string, step: string | undefined][] = [
    [undefined, config, {}, 'no-modem', undefined],
    [modem({ state: STATE.failed, failedReason: 2 }), config, {}, 'no-sim', undefined],
    [modem({ state: STATE.failed, failedReason: 3 }), config, {}, 'sim-failed', undefined],
    [modem({ state: STATE.failed, failedReason: 4 }), config, {}, 'failed', undefined],
    [modem({ state: STATE.initializing }), config, {}, 'starting', undefined],
    [modem(locked), config, {}, 'pin-wanted', undefined],
    [modem(locked), pin, {}, 'starting', 'unlock'],
    [modem({ ...locked, pinTries: undefined }), pin, {}, 'starting', 'unlock'],
    [modem({ ...locked, pinTries: 2 }), pin, {}, 'starting', 'unlock'],
    [modem({ ...locked, pinTries: 1 }), pin, {}, 'pin-last-try', undefined],
    [modem({ ...locked, pinTries: 0 }), pin, {}, 'pin-last-try', undefined],
    [modem(locked), pin, { pinProblem: 'it was refused before' }, 'pin-refused', undefined],
    [modem({ ...locked, lock: 1 }), pin, {}, 'starting', undefined],
    [modem({ ...locked, lock: 4 }), pin, {}, 'puk-wanted', undefined],
    [modem({ ...locked, lock: 8 }), pin, {}, 'locked', undefined],
    [modem({ state: STATE.disabled }), config, {}, 'starting', 'enable'],
    [modem({ state: STATE.searching, registration: 2 }), config, {}, 'searching', undefined],
    [modem({ state: STATE.searching, registration: 2, signal: undefined }), config, {}, 'no-signal', undefined],
    [modem({ state: STATE.enabled, registration: 0 }), config, {}, 'searching', 'register'],
    [modem({ state: STATE.searching, registration: 3 }), config, {}, 'denied', undefined],
    [modem(), config, {}, 'connecting', 'connect'],
    [modem({ registration: 5 }), config, {}, 'roaming', undefined],
    [modem({ registration: 5 }), { ...config, roaming: true }, {}, 'connecting', 'connect'],
    [modem(), config, { failures: 5, failure: { state: 'not-connected', cause: '' } }, 'not-connected', 'disable'],
    [modem(), config, { failures: 5, failure: { state: 'apn-refused', cause: '' } }, 'apn-refused', 'connect'],
    [modem({ state: STATE.connecting }), config, {}, 'connecting', undefined],
    [connected(), config, {}, 'connected', undefined],
    [connected({}, { registration: 5 }), config, {}, 'roaming', 'disconnect'],
    [connected({ apn: 'other' }), config, {}, 'connecting', 'disconnect'],
    [connected({ apn: 'internet.mnc001.gprs' }), config, { bearer: '/Bearer/0' }, 'connected', undefined],
    [connected({ password: 'old' }), { ...config, user: 'a', password: 'new' }, {}, 'connecting', 'disconnect'],
    [connected({ family: 4 }), { ...config, ip: 'v4' }, {}, 'connecting', 'disconnect'],
    [connected({ ip4: { ...bearer().ip4, method: METHOD.ppp } as never }), config, {}, 'dial-up-only', undefined],
    [connected({ isConnected: false }), config, {}, 'connecting', undefined],
  ]
  for (const [facts, settings, memory, state, step] of cases) {
    const judged = nextStep(facts, settings, { ...fresh, ...memory })
    assert.equal([judged.state, judged.step?.do], [state, step], JSON.stringify([facts, settings, memory]))
    assert.is(judged.bearer !== undefined, state === 'connected')
  }
})

test('asks for both kinds of addresses, and after a refusal for each alone, unless the settings say', () => {
  const families = (settings: CellularConfig) =>
    [0, 1, 2, 3].map(failures => {
      const { step } = nextStep(modem(), settings, { ...fresh, failures })
      return step?.do === 'connect' ? step.family : undefined
    })
  assert.equal(families(config), [4, 1, 2, 4])
  assert.equal(families({ ...config, ip: 'v6' }), [2, 2, 2, 2])
})

test('gives each entry its modem, and a second modem takes nobody’s place', () => {
  const [first, second, third] = [9, 10, 11].map(at =>
    modem({ path: `/Modem/${at}`, interfaces: [`wwan${at - 9}`] }),
  ) as [ModemFacts, ModemFacts, ModemFacts]
  const named = { ...config, interface: 'wwan1' }
  assert.equal(assignModems([config, named], [third, second, first], ANY_MODEM), [first, second])
  assert.equal(assignModems([config, named], [second], ANY_MODEM), [undefined, second])
  const multiplexed = modem({ interfaces: ['wwan7'], bearers: [bearer({ interface: 'wwan1' })] })
  assert.equal(assignModems([named], [multiplexed], ANY_MODEM), [multiplexed])
})

test.run()
