import * as assert from 'uvu/assert'
import { type FieldState, fieldSentences } from '../../formats/field-sentences.ts'
import { LANGUAGES } from '../../formats/languages.ts'
import { STATE_NAMES, STATES } from '../../formats/states.ts'
import { escapeHtml } from '../../runtime/html.ts'
import { suite } from '../../testbed/suite.ts'
import { isOwnHost } from './own-names.ts'
import type { PageFacts } from './page-facts.ts'
import { renderPage } from './render-page.ts'
import { sampleFacts } from './testing/sample-facts.ts'

const test = suite('page for field staff')

const STATES_SHOWN: FieldState[] = [...STATE_NAMES, 'not-running']
const pageOf = (facts: Partial<PageFacts>) => renderPage({ ...sampleFacts(), ...facts })

test('says of each state in each language what it means, what to do, and how the LED looks', () => {
  for (const language of LANGUAGES) {
    for (const state of STATES_SHOWN) {
      const { html } = pageOf({ language, state })
      assert.match(html, `<html lang="${language}">`)
      for (const { text } of Object.values(fieldSentences(state, language)))
        assert.ok(html.includes(escapeHtml(text)), `${language} ${state}: ${text}`)
    }
  }
})

test('blinks as the LED does: as long a period, and as many flashes in it; a dead one does not', () => {
  for (const state of STATE_NAMES) {
    const { html } = pageOf({ state })
    const pattern: readonly (readonly [number, number])[] = STATES[state].pattern
    const period = pattern.reduce((sum, [onMs, offMs]) => sum + onMs + offMs, 0)
    assert.match(html, `animation: led ${period}ms step-end infinite`)
    const [, keyframes = ''] = /@keyframes led \{(.*)\}/.exec(html) ?? []
    assert.is(keyframes.match(/#31c552/g)?.length, pattern.length, state)
    assert.match(html, /prefers-reduced-motion: reduce\) \{ \.led \{ animation: none \}/)
  }
  assert.not.match(pageOf({ state: 'not-running' }).html, /animation: led|@keyframes/)
})

test('the LED has the colour of the real one, where that has some', () => {
  const rows = { ready: '#31c552', 'no-console': '#e6b800', maintenance: '#3b6fe0', 'no-relay': '#e03131' } as const
  for (const state of Object.keys(rows) as (keyof typeof rows)[]) {
    assert.match(pageOf({ state, hasColours: true }).html, `background: ${rows[state]}; animation`)
    assert.match(pageOf({ state }).html, 'background: #31c552; animation')
  }
})

test('text of targets, networks, adapters and relays is text, wherever it stands', () => {
  const evil = '"><script>alert(1)</script><b x=\''
  const { html } = pageOf({
    ...{ device: evil, serial: evil, software: evil, contact: evil, fault: evil, cause: evil },
    uplinks: [{ name: evil, carries: true, provedMs: 0, why: evil }],
    links: [{ name: evil, isUp: true, speed: 1, signalDbm: -1, addresses: [evil] }],
    adapters: [{ port: evil, product: evil, console: evil }],
    consoles: [{ name: evil, label: evil, isOpen: false, cause: evil, settings: evil }],
    budgets: [{ address: evil, now: undefined }],
  })
  assert.not.match(html, /<script|<b x=/)
  assert.is(html.split('&lt;script&gt;').length - 1, 18)
  assert.match(pageOf({ bridgeProblem: evil }).html, '&lt;script&gt;')
})

test('asks for nothing but itself: no script, no picture, no font, no form', () => {
  for (const state of STATES_SHOWN) {
    const { html, policy } = pageOf({ state })
    assert.not.match(html, /<script|<form|<input|<iframe|<img|https?:|src=|url\(|@import|\son\w+=|\sstyle=/)
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'/)
  }
})

test('says how old a proof is, and none where nobody can know', () => {
  const nowMs = 1_000_000_000
  for (const [agoMs, said] of [
    [12_000, '12 s ago'],
    [180_000, '3 min ago'],
    [7_200_000, '2 h ago'],
    [-5_000, '0 s ago'],
  ] as const)
    assert.match(pageOf({ nowMs, provedMs: nowMs - agoMs }).html, `get in</h2><p>${said}</p>`)
  assert.match(pageOf({ nowMs, provedMs: nowMs - 86_400_000 * 3, language: 'ja' }).html, '<p>3日前</p>')
  assert.match(pageOf({ provedMs: undefined }).html, 'get in</h2><p>none yet</p>')
  assert.not.match(pageOf({ state: 'not-running' }).html, 'Last proof')
})

test('says how much others may still use today, when that begins anew and in which zone, and how old the count is', () => {
  const { html } = pageOf({})
  assert.match(
    html,
    '<li>wwan0: 123 MB of 500 MB used<small>Begins anew at 2027-02-02 00:00 Asia/Tokyo · counted 7 s ago',
  )
  const japanese = pageOf({ language: 'ja' }).html
  assert.match(
    japanese,
    '<li>wwan0: 123 MB / 500 MB 使用済み<small>次回リセット 2027-02-02 00:00 Asia/Tokyo · 集計 7秒前',
  )
  const [sample] = sampleFacts().budgets
  const spent = pageOf({ budgets: [{ address: '', now: sample?.now && { ...sample.now, usedBytes: 500e6 } }] })
  assert.match(
    spent.html,
    /500 MB of 500 MB used <span class="bad">used up: until then nobody goes out but this device/,
  )
  assert.match(
    pageOf({ budgets: [{ address: '192.168.77.1', now: undefined }] }).html,
    /192\.168\.77\.1: <span class="bad">The program that counts does not answer/,
  )
  assert.not.match(pageOf({ budgets: [] }).html, 'Data for others')
})

test('without settings, has the serial number and what is missing', () => {
  const { html } = pageOf({
    ...{ device: undefined, state: 'unconfigured', fault: 'there is no oobm.toml on this card' },
  })
  for (const part of ['not set up yet', 'there is no oobm.toml on this card', '10000000a1b2c3d4'])
    assert.ok(html.includes(part), part)
})

test('says when it was made, and that a program which does not answer may make it old', () => {
  assert.match(pageOf({ nowMs: 0 }).html, 'As of 1970-01-01 00:00:00 UTC (by the clock of the device)')
  assert.match(pageOf({}).html, '<meta http-equiv="refresh" content="10">')
  assert.match(pageOf({ state: 'not-running' }).html, 'The program does not answer')
})

test('another host’s name is not its own: a page of the internet cannot read it through a name server that lies', () => {
  const hosts = ['192.168.77.1', 'rack1', 'oobm-a1b2.local']
  const owns = ['192.168.77.1', '192.168.77.1:80', 'RACK1', 'rack1.', 'oobm-a1b2.local:8080', 'oobm-a1b7.local']
  for (const own of owns) assert.ok(isOwnHost(own, hosts), own)
  for (const other of [
    undefined,
    '',
    'evil.example',
    'rack2',
    'oobm-a1c2.local',
    '192.168.77.1.evil.example',
    'rack1@evil',
    '192.168.77.1:x',
    'x rack1',
  ])
    assert.not(isOwnHost(other, hosts), String(other))
})

test.run()
