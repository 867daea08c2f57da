import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { keptLines, renderReliability } from './reliability-page.ts'
import { byRow, describeRows, describeRun, type Result } from './report.ts'

const test = suite('fault bench report')

const figures = { outlastMs: 20_000, goneMs: 1, bytes: 12_345, syns: 2 }
const states = [
  { state: 'ready', cause: 'proved: a technician can get in' },
  { state: 'no-relay', cause: 'port 443 | silent' },
]
const result = (run: number, wayMs: number, peerMs: number | undefined, missed: string[] = []): Result => ({
  ...{ row: 'silent', title: 'the path is silent', theme: 'The path', run, full: true, figures: {}, missed },
  ours: { ...figures, noticeMs: 20_000, wayMs, healMs: wayMs + 100, states },
  peer: { goneMs: 1, bytes: 1, syns: 1, ...(peerMs === undefined ? {} : { wayMs: peerMs }) },
})

test('a run is its figures, between what it missed and what was shown when it failed', () => {
  const figures = 'healed 1.1 s, noticed 20.0 s, promised without a way 20.0 s, autossh'
  assert.is(describeRun(result(0, 1_000, 60_000)), `${figures} 60.0 s`)
  assert.equal(describeRun(result(0, 1_000, undefined, ['too late'])).split('\n'), [
    'too late',
    `${figures} never`,
    '  ready: proved: a technician can get in',
    '  no-relay: port 443 | silent',
  ])
})

test('a run that did not end has no figures, and fails', () => {
  const { row, title, theme } = result(0, 1, 1)
  const broken: Result = { row, title, theme, run: 1, full: false, figures: {}, missed: ['not run to its end: x'] }
  assert.is(describeRun(broken), 'not run to its end: x')
  assert.match(describeRows(byRow([broken])), /silent +FAIL +– +– +– +–\n\n1 rows, 1 failed: silent$/)
})

test('rows are medians, with the 95th percentile beside them', () => {
  const rows = byRow([1_000, 2_000, 9_000].map((ms, run) => result(run, ms, 60_000)))
  assert.match(describeRows(rows), /silent +ok +20\.0 s +2\.1 s \(9\.1 s\) +20\.0 s +60\.0 s\n\n1 rows, 0 failed$/)
})

test('medians of five runs are held against autossh, those of four are not', () => {
  const runs = (count: number, ours: number, peer: number | undefined) =>
    byRow(Array.from({ length: count }, (_, run) => result(run, ours, peer)))[0]?.missed
  assert.equal(runs(5, 3_000, 1_000), ["the way is back after 3.0 s, autossh's after 1.0 s (medians)"])
  assert.equal(runs(5, 1_200, 1_000), [], 'less than two looks apart')
  assert.equal(runs(5, 3_000, undefined), [], 'autossh never came back')
  assert.equal(runs(4, 3_000, 1_000), [])
})

test('the page says how many never came back', () => {
  const machine = { cores: 2, kernel: '6.1', node: '20', ssh: 'OpenSSH_9.2' }
  const page = (...peers: (number | undefined)[]) =>
    renderReliability(byRow(peers.map((peerMs, run) => result(run, 1_000, peerMs))), machine, 'make faults')
  assert.match(page(60_000, undefined), '| 60.0 s, 1 of 2 never | 2 |')
  assert.match(page(undefined), '| never | 1 |')
})

test('the page has a table for each theme, states as they were shown, and no date', () => {
  const rows = byRow([result(0, 1_000, 60_000), { ...result(1, 1_000, 60_000), figures: { 'bytes a day': 2_500_000 } }])
  const page = renderReliability(rows, { cores: 2, kernel: '6.1', node: '20', ssh: 'OpenSSH_9.2' }, 'make faults DOC=1')
  assert.not.match(page, 'beyond a limit')
  assert.match(page, '## The path\n| fault | noticed |')
  assert.match(
    page,
    '| the path is silent | 20.0 s | 20.0 s | 1.1 s | 60.0 s | 2 | 12 | `no-relay`: port 443 \\| silent |',
  )
  assert.match(page, '- the path is silent: bytes a day 2500000')
  assert.not.match(page, /ready`: proved/)
  assert.not.match(page, /20\d\d-\d\d/)
})

test('a row without results keeps its lines of the page, and is not taken for one whose title goes on', () => {
  const machine = { cores: 2, kernel: '6.1', node: '20', ssh: 'OpenSSH_9.2' }
  const longer = { ...result(0, 9_000, 60_000), row: 'twice', title: 'the path is silent, and again' }
  const shorter = { ...result(0, 1_000, 60_000), title: 'the path is silent (here 30 s)', figures: { tries: 7 } }
  const page = renderReliability(byRow([longer, shorter]), machine, 'make faults')
  const kept = keptLines(page, 'the path is silent')
  assert.match(kept?.line ?? '', /^\| the path is silent \(here 30 s\) \| 20\.0 s /)
  assert.equal(kept?.figures, ['- the path is silent (here 30 s): tries 7'])
  assert.is(keptLines(page, 'the path'), undefined)
  const rows = kept
    ? [{ ...byRow([shorter])[0], name: 'x', title: '', theme: 'The path', runs: [], missed: [], kept }]
    : []
  const again = renderReliability(rows, machine, 'make faults')
  assert.match(again, kept?.line ?? 'none')
  assert.match(again, '- the path is silent (here 30 s): tries 7')
})

test.run()
