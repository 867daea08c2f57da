import * as assert from 'uvu/assert'
import { alertRulesOf } from '../../formats/alert-rules.ts'
import { suite } from '../../testbed/suite.ts'
import { RuleCompiler } from './line-rules.ts'
import { LINE_BYTES, OutputSearch, OVERLAP_BYTES } from './output-search.ts'

const test = suite('output search')
const RULES = [
  { name: 'panic', pattern: 'Kernel panic', alertText: false },
  { name: 'hot', pattern: '温度', alertText: false },
  { name: 'prompt', pattern: '^rommon \\d+ >', alertText: false },
  { name: 'end', pattern: 'dead$', alertText: false },
]

function searching(rules: Parameters<RuleCompiler['compile']>[0] = RULES) {
  const found: string[] = []
  let skippedBytes = 0
  const search = new OutputSearch({
    lineRules: new RuleCompiler().compile(rules),
    onMatch: (rule, text) => found.push(`${rule.name}: ${text}`),
    onSkipped: bytes => {
      skippedBytes += bytes
    },
  })
  const finish = () => {
    while (search.step());
  }
  const say = (...pieces: (string | Buffer)[]) => {
    for (const piece of pieces) {
      search.received(Buffer.from(piece))
      finish()
    }
  }
  const pause = () => {
    search.paused()
    finish()
  }
  return { search, found, say, pause, finish, skipped: () => skippedBytes }
}

const CASES: [what: string, output: string, found: string[]][] = [
  ['a line', 'a Kernel panic b\r\n', ['panic: a Kernel panic b']],
  ['several line ends', 'x\r\r\nKernel panic\n\r\n', ['panic: Kernel panic']],
  ['only CR', 'loading 1%\rloading 2%\rKernel panic\rx\r', ['panic: Kernel panic']],
  [
    'one for each line',
    'Kernel panic Kernel panic\nKernel panic\n',
    ['panic: Kernel panic Kernel panic', 'panic: Kernel panic'],
  ],
  ['two rules', 'Kernel panic 温度\n', ['panic: Kernel panic 温度', 'hot: Kernel panic 温度']],
  ['colours inside of a word', 'Ker\x1b[1;31mnel pa\x1b[0m\x1b[Knic\r\n', ['panic: Kernel panic']],
  ['a title, and a BEL', '\x1b]0;title\x07Kernel\x00 pa\x07nic\n', ['panic: Kernel panic']],
  ['a character that is erased', 'Kernel pai\b \bnic\n', []],
  ['characters of several bytes', 'Ω 温度 Ω\r\n', ['hot: Ω 温度 Ω']],
  ['the beginning of a line', 'xrommon 1 >\nrommon 2 >\n', ['prompt: rommon 2 >']],
  ['the end of a line', 'dead\r\ndead man\r\n', ['end: dead']],
  ['nothing across two lines', 'Kernel\npanic\n', []],
  [
    'bytes of an older character set',
    Buffer.from('Kernel panic \xff\xe9\n', 'latin1').toString('latin1'),
    ['panic: Kernel panic ÿé'],
  ],
]

for (const [what, output, expected] of CASES) {
  test(`${what}, split anywhere`, () => {
    const bytes = Buffer.from(output)
    for (let at = 0; at <= bytes.length; at++) {
      const { found, say } = searching()
      say(bytes.subarray(0, at), bytes.subarray(at))
      assert.equal(found, expected, `split at ${at}`)
    }
    const { found, say } = searching()
    say(...Array.from(bytes, byte => Buffer.from([byte])))
    assert.equal(found, expected, 'byte by byte')
    // The same with a rule for which each line is tried.
    const { found: all, say: sayAll } = searching([...RULES, { name: 'any', pattern: '(?:zz|qq)', alertText: false }])
    sayAll(bytes)
    assert.equal(all, expected, 'with each line tried')
  })
}

test('bytes that are no characters do no harm', () => {
  const { found, say } = searching()
  say(Buffer.from('\xff\xfe Kernel panic \xc3(\n', 'latin1'))
  assert.is(found.length, 1)
})

test('a line without an end is searched after a pause, and what it has is not found again', () => {
  const { found, say, pause } = searching()
  say('rommon 1 >')
  assert.equal(found, [])
  pause()
  assert.equal(found, ['prompt: rommon 1 >'])
  say(' bo')
  pause()
  say('ot Kernel panic\r\n', 'rommon 2 > ')
  pause()
  assert.equal(found, ['prompt: rommon 1 >', 'panic: rommon 1 > boot Kernel panic', 'prompt: rommon 2 > '])
})

test('a line longer than the bound is searched in pieces that overlap, and matches once', () => {
  for (const at of [0, LINE_BYTES - 6, LINE_BYTES, LINE_BYTES + 700, 5 * LINE_BYTES, 50_000]) {
    const text = `${'x'.repeat(at)}Kernel panic${'y'.repeat(3_000)}`
    for (const size of [1_000_000, 4_096, 100]) {
      const { found, say } = searching()
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'g')) ?? []
      say(...pieces, '\n', 'Kernel panic\n')
      assert.is(found.length, 2, `at ${at}, in pieces of ${size}`)
      assert.ok((found[0]?.length ?? 0) <= LINE_BYTES + 10)
    }
  }
  assert.ok(OVERLAP_BYTES > 200)
})

test('what a long line had does not hide the next line', () => {
  const { found, say } = searching()
  say(`Kernel panic${'x'.repeat(3_000)}`, 'xx\nKernel panic\n')
  assert.equal([found.length, found[1]], [2, 'panic: Kernel panic'])
})

test('a line that never ends takes no more memory', () => {
  const { search, found, say } = searching()
  for (let n = 0; n < 300; n++) say('x'.repeat(4_096))
  say('Kernel panic')
  assert.ok(search.hasOpenLine)
  say('\n')
  assert.equal(found.length, 1)
})

test('of a set, the first rule that matches a line counts', () => {
  const { found, say } = searching([
    ...alertRulesOf({ alerts: ['ios'], alertRules: [] }),
    { name: 'own', pattern: 'FAN', alertText: false },
  ])
  const line = '%PLATFORM_ENV-1-FAN: Faulty fan 2'
  say(`${line}\r\n`)
  assert.equal(found, [`ios-fan: ${line}`, `own: ${line}`])
})

test('what comes faster than it is searched is counted, and a line is not joined over the gap', () => {
  const { search, found, finish, say, skipped } = searching()
  search.received(Buffer.from('Kernel '))
  const piece = Buffer.from(`${'x'.repeat(79)}\n`.repeat(800))
  for (let n = 0; n < 40; n++) search.received(piece)
  search.received(Buffer.from('pan'))
  const lost = skipped()
  finish()
  assert.is(lost, 0)
  assert.ok(skipped() > 1_000_000 && skipped() < 2_000_000, String(skipped()))
  say('ic\nKernel panic\n')
  assert.equal(found, ['panic: Kernel panic'])
})

test('no expression takes more than linear time', () => {
  const rules = ['(a+)+!', '(?:a|aa)+$x', '(?:(?:a*)*)*b', '[a-z]*[a-z]*[a-z]*[0-9]'].map((pattern, at) => ({
    ...{ name: `r${at}`, pattern, alertText: false },
  }))
  const { found, say } = searching(rules)
  for (let n = 0; n < 50; n++) say(`${'a'.repeat(1_000)}\n`)
  assert.equal(found, [])
})

test.run()
