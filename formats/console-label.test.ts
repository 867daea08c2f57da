import * as assert from 'uvu/assert'
import * as z from 'zod'
import { suite } from '../testbed/suite.ts'
import { labelLines, labelSchema, labelText } from './console-label.ts'
import { parseToml, stringifyToml } from './toml-file.ts'

const test = suite('console label')
const FILE = z.strictObject({ consoles: z.array(z.strictObject({ name: z.string(), label: labelSchema.optional() })) })

const LABELS: [toml: string, lines: string[]][] = [
  ['label = "Tokyo DC2, rack 14"', ['Tokyo DC2, rack 14']],
  ['label = { site = "Tokyo DC2", rack = "14", model = "Catalyst 9300" }', ['Tokyo DC2, rack 14, Catalyst 9300']],
  [
    'label = { contact = "noc@example.com, +81 3 1234", rack = "14" }',
    ['rack 14', 'contact: noc@example.com, +81 3 1234'],
  ],
  ['[consoles.label]\nsite = "Paris"', ['Paris']],
  ['label.contact = "noc"', ['contact: noc']],
  ['', []],
]

test('is one text or a table, and a file that has it is written and read again', () => {
  for (const [toml, lines] of LABELS) {
    const file = parseToml('x', `[[consoles]]\nname = "sw1"\n${toml}\n`, FILE)
    const [console] = file.consoles
    assert.equal(labelLines(console?.label), lines)
    assert.is(labelText(console?.label), lines.length === 0 ? undefined : lines.join('; '))
    assert.equal(parseToml('x', stringifyToml(file), FILE), file)
  }
})

test('says what it may be, and takes nothing that a terminal obeys', () => {
  const wrong: [unknown, RegExp][] = [
    ['', /^must be one line of up to 100 printable characters$/],
    ['a\nb', /^must be one line/],
    [14, /^must be one line .*, or a table of site, rack, model, cable and contact$/],
    [{}, /^needs site, rack, model, cable or contact$/],
    [{ site: 'x\x1b[2J' }, /^must be one line/],
    [{ rack: 14 }, /^may have site, rack, model, cable and contact, each one line/],
    [{ row: '3' }, /row/],
  ]
  for (const [label, expected] of wrong) {
    const { error } = labelSchema.safeParse(label)
    assert.match(error?.issues.map(({ message }) => message).join() ?? '', expected, JSON.stringify(label))
  }
})

test.run()
