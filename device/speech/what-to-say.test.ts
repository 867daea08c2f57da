import * as assert from 'uvu/assert'
import { fieldSentences } from '../../formats/field-sentences.ts'
import { LANGUAGES } from '../../formats/languages.ts'
import { suite } from '../../testbed/suite.ts'
import { espeakText } from './espeak.ts'
import { fixedSentences } from './fixed-sentences.ts'
import { wifiIn } from './look-at-situation.ts'
import { textOf } from './make-sound.ts'
import { addressInWords, type Situation, whatToSay } from './what-to-say.ts'

const test = suite('what to say')
const NOW: Situation = {
  state: 'ready',
  wifi: 'Lab 5G',
  addresses: [
    { kind: 'wired', address: '192.0.2.17' },
    { kind: 'wifi', address: '10.0.0.2' },
  ],
}

test('at the start, everything: the Wi-Fi, the addresses, the state and what to do', () => {
  const { meaning, remedy } = fieldSentences('ready', 'en')
  assert.is(
    textOf(whatToSay(undefined, NOW, 'en'), 'en'),
    `Wi-Fi network: Lab 5G. Address of the wired port: 1 9 2 dot, 0 dot, 2 dot, 1 7. Address on Wi-Fi: 1 0 dot, 0 dot, 0 dot, 2. ${meaning.text} ${remedy.text}`,
  )
})

test('afterwards what changed, and nothing twice', () => {
  const cases: [Partial<Situation>, string[]][] = [
    [{}, []],
    [{ state: 'in-use' }, ['in-use', 'in-use-remedy']],
    [{ state: 'no-relay' }, ['lost', 'no-relay', 'no-relay-remedy']],
    [{ state: 'not-running' }, ['lost', 'not-running', 'not-running-remedy']],
    [{ addresses: [], wifi: undefined, state: 'no-link' }, ['lost', 'no-link', 'no-link-remedy']],
    [{ wifi: undefined, addresses: [{ kind: 'modem', address: '10.9.8.7' }] }, ['address-modem']],
  ]
  for (const [change, names] of cases) {
    const parts = whatToSay(NOW, { ...NOW, ...change }, 'en')
    assert.equal(
      parts.filter(part => typeof part === 'string'),
      names,
      JSON.stringify(change),
    )
  }
  const before = { ...NOW, state: 'no-link' } as const
  assert.equal(whatToSay(before, { ...NOW, state: 'no-relay' }, 'en'), ['no-relay', 'no-relay-remedy'])
})

test('an address is read digit by digit, in kana for a Japanese voice', () => {
  assert.equal(addressInWords('10.20.3.4', 'ja'), {
    text: '10.20.3.4。',
    kana: 'いち ゼロ てん、 に ゼロ てん、 さん てん、 よん。',
  })
})

test('the name of a network is a text: no phonemes, no markup, no more than one line', () => {
  const parts = whatToSay(undefined, { ...NOW, addresses: [], wifi: '[[x]]<speak>&' }, 'en')
  assert.equal(parts[1], { text: '  x   speak  .' })
  const iw = 'phy#0\n\tInterface wlan0\n\t\taddr b8:27:eb:00:00:01\n\t\tssid caf\\xc3\\xa9 \\x0a1\n\t\ttype managed\n'
  assert.is(wifiIn(iw)?.includes('\n'), false)
  assert.match(wifiIn(iw) ?? '', /^café /)
  assert.is(wifiIn('phy#0\n\tInterface wlan0\n\t\ttype managed\n'), undefined)
})

test('every fixed sentence is there in each language, and a Japanese one has a reading without kanji', () => {
  const [en, ja] = LANGUAGES.map(fixedSentences)
  assert.equal(Object.keys(en ?? {}), Object.keys(ja ?? {}))
  for (const [name, { text, kana }] of Object.entries(ja ?? {})) {
    assert.ok(text !== '', name)
    assert.not.match(kana ?? '漢', /\p{Script=Han}/u, name)
  }
})

test('particles are read as they are spoken', () => {
  const text = espeakText({ text: '', kana: 'アドレスは、いち。はいれる ことへ つながる' })
  assert.is(text, 'アドレスわ、いち。はいれる ことえ つながる\n')
})

test.run()
