import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { type PinSettings, pinProblems } from './pins.ts'

const test = suite('pins')

/** As people read it: setting, message, and the setting with which it collides. */
function said(settings: Partial<PinSettings>): string[] {
  return [...pinProblems({ consoles: [], ...settings })].map(({ path, message, also }) =>
    [`${path.join('.')}: ${message}`, ...(also ? [`(${also.join('.')})`] : [])].join(' '),
  )
}

test('each pin has one use, and the second setting is told who has it', () => {
  const relay = { name: 'relay1', kind: 'gpio', pin: 27 }
  const serial = { name: 'core-sw1', path: '/dev/serial0' }
  const take = 'already: take another for one of them'
  const rows: [settings: Partial<PinSettings>, problems: string[]][] = [
    [{}, []],
    [{ button: { pin: 22 }, outlets: [relay] }, []],
    [{ button: { pin: 17 } }, [`button.pin: 17 is the pin of the LED (led.pin) ${take}`]],
    [{ led: { pin: 4 }, button: { pin: 17 } }, []],
    [{ led: { pin: 4 }, button: { pin: 4 } }, [`button.pin: 4 is the pin of the LED (led.pin) ${take} (led.pin)`]],
    ...['kernel', 'file', 'none'].map((backend): [Partial<PinSettings>, string[]] => [
      { led: { backend }, button: { pin: 17 } },
      [],
    ]),
    [
      { button: { pin: 27 }, outlets: [relay] },
      [`outlets.0.pin: 27 is the pin of the button (button.pin) ${take} (button.pin)`],
    ],
    [
      { outlets: [relay, { ...relay, name: 'relay2' }] },
      [`outlets.1.pin: 27 is the pin of relay1 ${take} (outlets.0.pin)`],
    ],
    [{ outlets: [relay, { name: 'plug', kind: 'shelly' }] }, []],
    [
      { led: { rgb: [5, 6, 5] } },
      [`led.rgb.2: 5 is the pin of the red light of the LED (led.rgb) ${take} (led.rgb.0)`],
    ],
    // Three pins take the place of the one.
    [{ led: { rgb: [5, 6, 13] }, button: { pin: 17 } }, []],
    [
      { led: { rgb: [5, 6, 27] }, outlets: [relay] },
      [`outlets.0.pin: 27 is the pin of the blue light of the LED (led.rgb) ${take} (led.rgb.2)`],
    ],
    [
      { consoles: [serial], button: { pin: 15 } },
      [`button.pin: 15 is the pin of /dev/serial0 (core-sw1) ${take} (consoles.0.path)`],
    ],
    [{ consoles: [{ name: 'a', path: '/dev/ttyUSB0' }], button: { pin: 15 } }, []],
  ]
  for (const [settings, problems] of rows) assert.equal(said(settings), problems, JSON.stringify(settings))
})

test('reads what can be read of a device that is not well formed', () => {
  const odd = {
    led: { rgb: [undefined, 5] },
    button: {},
    outlets: [undefined, { kind: 'gpio' }],
    consoles: [undefined],
  }
  assert.equal(said(odd), [])
})

test.run()
