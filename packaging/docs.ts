/** What docs/ takes from the schemas; `make docs` writes it, and a test holds the pages to it. */
import * as z from 'zod'
import { ALERT_SETS } from '../formats/alert-sets/alert-sets.ts'
import { EXEC_COMMANDS, EXEC_NAMES, usageOf } from '../formats/exec-commands.ts'
import { MODEM_STATES } from '../formats/modem-status.ts'
import { siteShape } from '../formats/site-config.ts'
import { fleetShape } from '../relay-config/fleet/fleet-schema.ts'
import { KIND_NAMES, KINDS } from '../relay-config/relay/events/event.ts'
import { eventsShape } from '../relay-config/relay/events/events-config.ts'
import { DEVICE_METRICS } from '../relay-config/relay/metrics/device-metrics.ts'
import { annotateExample } from './annotate-example.ts'

/** Path → what its text is to be. */
export const DOCS: Record<string, (text: string) => string> = {
  'docs/fleet.example.toml': text => annotateExample(text, fleetShape),
  'docs/events.example.toml': text => annotateExample(text, eventsShape),
  'docs/monitoring.md': text =>
    text
      .replace(/(<!-- metrics: .*-->\n)([\s\S]*?)(?=<!-- end -->)/, (_, head: string) => head + metricTable())
      .replace(/(<!-- events: .*-->\n)([\s\S]*?)(?=<!-- end -->)/, (_, head: string) => head + eventTable()),
  'docs/console.md': text =>
    text.replace(
      /(<!-- made from formats\/exec-commands\.ts.*-->\n)([\s\S]*?)(?=<!-- end -->)/,
      (_, head: string) => head + execTable(),
    ),
  'docs/alerts.md': text =>
    text.replace(
      /(<!-- made from formats\/alert-sets.*-->\n)([\s\S]*?)(?=<!-- end -->)/,
      (_, head: string) => head + alertTable(),
    ),
  'docs/cellular.md': text =>
    text.replace(
      /(<!-- modem states: .*-->\n)([\s\S]*?)(?=<!-- end -->)/,
      (_, head: string) => `${head}\n${modemTable()}\n`,
    ),
  'docs/provisioning.md': text =>
    text.replace(
      /(<!-- site: .*-->\n```toml\n)([\s\S]*?)(?=```)/,
      (_, head: string, example: string) => head + annotateExample(example, z.strictObject(siteShape)),
    ),
}

function execTable(): string {
  const rows = EXEC_NAMES.flatMap(name => {
    const { access, help } = EXEC_COMMANDS[name]
    return access === 'device' ? [] : [[usageOf(name), help, access === 'any' ? 'yes' : 'no']]
  })
  return [
    '| command | | by [way 2](ways-in.md) |',
    '| --- | --- | --- |',
    ...[['', 'open the console', 'yes'], ...rows].map(
      ([usage = '', ...more]) => `| \`${`ssh core-sw1 ${usage}`.trim()}\` | ${more.join(' | ')} |`,
    ),
    '',
  ].join('\n')
}

function metricTable(): string {
  const rows = DEVICE_METRICS.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help.replace(/\.$/, '')} |`)
  return ['| metric | type | |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function eventTable(): string {
  const rows = KIND_NAMES.map(name => {
    const { severity, about, byDefault } = KINDS[name]
    return `| \`${name}\` | ${about} | ${severity} | ${byDefault ? 'yes' : 'no'} |`
  })
  return [
    '| event | tells that | severity | told unless a sink chooses |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function alertTable(): string {
  const rows = Object.values(ALERT_SETS).flatMap(rules =>
    rules.map(({ name, about, examples: [example = ''] }) => `| \`${name}\` | ${about} | \`${example.trim()}\` |`),
  )
  return ['| rule | tells that | for example |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function modemTable(): string {
  const rows = Object.values(MODEM_STATES).map(({ meaning, remedy }) => `| ${meaning} | ${remedy} |\n`)
  return ['| what is shown | what to do |\n', '| --- | --- |\n', ...rows].join('')
}
