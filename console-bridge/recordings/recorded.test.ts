import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { sizeText } from '../console/terminal-size.ts'
import type { TranscriptRecord } from '../transcript/record.ts'
import { type Recorded, recordedOf, type Which } from './recorded.ts'

const test = suite('recorded')

/** Records of `MS KIND text`. */
async function* recordsOf(lines: string[]): AsyncGenerator<TranscriptRecord> {
  for (const [position, line] of lines.entries()) {
    const [, ms, kind, text = ''] = /^(\d+) (\w+) ([\s\S]*)$/.exec(line) ?? []
    const atMs = Number(ms)
    const common = { position, next: position + 1, atMs, writtenMs: atMs, quality: 'sync' as const, text }
    yield { ...common, kind: kind as TranscriptRecord['kind'] }
  }
}

async function shownOf(lines: string[], which: Which = { id: 2, isBegun: false }): Promise<string[]> {
  const shown: string[] = []
  for await (const event of recordedOf(recordsOf(lines), which)) shown.push(`${event.atMs} ${textOf(event)}`)
  return shown
}

function textOf(event: Recorded): string {
  if (event.kind === 'output') return `o ${event.bytes.toString('latin1')}`
  if (event.kind === 'size') return `r ${sizeText(event.size)}`
  return event.kind === 'mark' ? `m ${event.text}` : event.kind
}

const LINES = [
  '900 session begin id=1 by=bob from=x',
  '950 out before\\x0d\\x0a',
  '1000 session begin id=2 by=alice from=x size=80x24',
  '1000 keyboard free id=2 by=alice',
  '1100 part a\\+200;b\\\\',
  '1400 session size id=1 size=99x99',
  '1400 session size id=2 size=132x50',
  '1500 keyboard taken id=1 by=bob from=alice from_id=2',
  '1600 break sent by=bob ms=300',
  '1700 break failed by=bob ms=300 cause="the line is closed"',
  '1800 session end id=1 by=bob how=left typed=3',
  '1900 session end id=2 by=alice how=disconnected typed=0',
  '2000 out after\\x0d\\x0a',
]
const SHOWN = [
  '1000 begin',
  '1000 m alice types',
  '1100 o a',
  '1300 o b\\',
  '1400 r 132x50',
  '1500 m bob took over typing from alice',
  '1600 m bob sent BREAK, 300 ms',
  '1700 m BREAK by bob was not sent: the line is closed',
  '1800 m bob left',
  '1900 m end: alice disconnected',
]

test('has what happened from the beginning of the session to its end, and nothing else', async () => {
  assert.equal(await shownOf(LINES), SHOWN)
})

test('begins with the first record that is left, where the beginning is gone', async () => {
  assert.equal(await shownOf(LINES.slice(4), { id: 2, isBegun: true }), ['1100 begin', ...SHOWN.slice(2)])
  assert.equal(await shownOf(LINES.slice(4)), [], 'a session whose beginning is lost has nothing')
})

test('ends where the bridge was started again', async () => {
  const lines = [...LINES.slice(0, 5), '5000 gap missing cause=x', '5000 bridge started boot=b', '5100 out later']
  assert.equal(await shownOf(lines), [...SHOWN.slice(0, 4), '5000 m output is missing here: x'])
})

test('a new file of the transcript is nothing that a person sees', async () => {
  assert.equal(
    (await shownOf([...LINES.slice(0, 5), '1200 bridge continues boot=b', ...LINES.slice(5)])).length,
    SHOWN.length,
  )
})

test('a clock that is set back does not turn the time', async () => {
  const lines = [...LINES.slice(0, 5), '10 out early', '1250 out late']
  assert.equal(await shownOf(lines), [...SHOWN.slice(0, 4), '1300 o early', '1300 o late'])
})

test.run()
