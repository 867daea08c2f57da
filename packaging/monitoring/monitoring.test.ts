import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { describeMetrics } from '../../relay-config/relay/metrics/describe-metrics.ts'
import { suite } from '../../testbed/suite.ts'
import { dashboardJson } from './dashboard.ts'

const test = suite('rules and dashboard')
const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8')
const SINK = { name: 'x', delivered: 0, dropped: 0, waiting: 0, oldestMs: 0 }
const METRICS = new Set(
  [
    ...describeMetrics({
      devices: [],
      nowMs: 0,
      answered: new Map([['x', true]]),
      sinks: [SINK],
      eventsAtMs: 0,
    }).matchAll(/^# TYPE (\S+)/gm),
  ].map(([, name = '']) => name),
)

test('rules, dashboard and page name metrics that are there, and the page names all of them', () => {
  const used = (text: string) =>
    new Set([...text.matchAll(/\boobm_[a-z_]+\b/g)].map(([name]) => name).filter(name => name !== 'oobm_fleet'))
  for (const text of [read('oobm.rules.yml'), read('oobm.rules.test.yml'), dashboardJson()]) {
    for (const name of used(text)) assert.ok(METRICS.has(name), name)
  }
  const page = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8')
  assert.equal(
    [...METRICS].filter(name => !page.includes(name)),
    [],
  )
  assert.equal(
    [...used(page)].filter(name => !METRICS.has(name)),
    [],
  )
})

test('each alert has a severity and says what to do next, and each is tested and explained', () => {
  const alerts = read('oobm.rules.yml').split('- alert: ').slice(1)
  assert.ok(alerts.length > 10)
  const page = readFileSync(join(import.meta.dirname, '../../docs/monitoring.md'), 'utf8')
  for (const text of alerts) {
    const name = text.split('\n')[0] ?? ''
    assert.match(text, /severity: (critical|warning|info)\}/, name)
    for (const key of ['summary', 'description', 'next']) assert.match(text, `\n          ${key}: `, name)
    assert.ok(page.includes(`\`${name}\``), `docs/monitoring.md has ${name}`)
    // Once it fires, and once it does not.
    const tests = read('oobm.rules.test.yml').split(`alertname: ${name}\n`).slice(1)
    assert.ok(
      tests.some(one => /^\s+exp_alerts:\n/.test(one)),
      `${name} fires in a test`,
    )
  }
})

test('panels do not overlap, and have names of their own', () => {
  const { panels } = JSON.parse(dashboardJson()) as {
    panels: { title: string; gridPos: { x: number; y: number; w: number; h: number } }[]
  }
  assert.is(new Set(panels.map(({ title }) => title)).size, panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
  )
  assert.is(new Set(cells).size, cells.length)
  assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24))
})

test.run()
