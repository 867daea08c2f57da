/** docs/protocol.md, oobm-device-command and formats/control-protocol.ts name the same commands and messages. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  DEVICE_COMMANDS,
  formatEvent,
  formatReport,
  formatSession,
  formatSpare,
  parseRelayLine,
  type RelayAnswer,
  type RelayMessage,
} from '../../../formats/control-protocol.ts'
import { formatSettingsAnswer } from '../../../formats/settings-delivery.ts'
import { suite } from '../../../testbed/suite.ts'

const test = suite('the control protocol')
const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/protocol.md'), 'utf8')
const SCRIPT = readFileSync(join(import.meta.dirname, 'oobm-device-command'), 'utf8')
const HEAD = SCRIPT.slice(0, SCRIPT.indexOf('\nset -'))

/** What docs/protocol.md has in backquotes in the first column of the table below a heading. */
function listed(heading: string): string[] {
  const section = PAGE.split(/^## /m).find(text => text.startsWith(`${heading}\n`)) ?? ''
  const table = /(?:^\|.*\n)+/m.exec(section)?.[0] ?? ''
  const cells = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap(cell => [...cell.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line))
}

const first = (line: string) => line.split(' ')[0]
const firsts = (lines: readonly string[]) => [...new Set(lines.map(first))].sort()

/** The messages that the function `control` of the script distinguishes. */
function handled(): string[] {
  const body = /^control\(\) \{[\s\S]*?^\}/m.exec(SCRIPT)?.[0] ?? ''
  return [...body.matchAll(/^ {6}'?([a-z]+)/gm)].map(([, message = '']) => message)
}

test('a device runs the commands that the page has and the script accepts', () => {
  const commands = listed('Commands')
  const said = /the commands are: ([^"]*)"/.exec(SCRIPT)?.[1]?.split(', ')
  assert.equal(said, commands)
  assert.equal(firsts(commands), Object.keys(DEVICE_COMMANDS).sort())
  for (const command of commands) assert.match(HEAD, new RegExp(`^#   ${command} `, 'm'), 'in the head of the script')
})

test('a device sends the messages that the page has and the script reads', () => {
  const answers: Record<RelayAnswer['type'], true> = { others: true, listening: true }
  const empty = { tookMs: null, probeMs: null, sessions: { shell: 0, console: 0 }, software: '', uplink: null }
  const sent = [
    ...Object.keys(answers),
    ...[true, false].map(formatSpare),
    formatSession({ console: 'c', technician: 't', fromS: 1, toS: 0 }),
    formatEvent({ event: 'break', agoS: 0 }),
    formatSettingsAnswer({ digest: 'd', state: 'applied', serial: 1, accepted: 1, sinceS: 0, cause: '' }),
    formatReport({ v: 1, state: 'ready', cause: '', sinceS: 0, proofS: null, ...empty, consoles: null, changes: [] }),
  ]
  const messages = listed('Device to relay')
  assert.equal(firsts(messages), firsts(sent))
  assert.equal(firsts(handled()), firsts(messages))
  for (const message of messages)
    assert.match(HEAD, new RegExp(`^#.*\\b${message}\\b`, 'm'), 'in the head of the script')
})

test('a device understands the messages that the page has', () => {
  const types: Record<RelayMessage['type'], true> = {
    others: true,
    listening: true,
    maintenance: true,
    blink: true,
    relay: true,
    settings: true,
  }
  const lines = listed('Relay to device')
  assert.equal(firsts(lines), Object.keys(types).sort())
  for (const line of lines) {
    const example = line
      .replace(/SECONDS|UNTIL|NOW|PORT|BYTES/g, '12')
      .replace(/DIGEST/g, 'a'.repeat(64))
      .replace(/HOST|USER|BY/g, 'x')
      .replace(/[[\]]/g, '')
    assert.is(parseRelayLine(example)?.type, first(line), line)
  }
})

test.run()
