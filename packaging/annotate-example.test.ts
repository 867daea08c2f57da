import * as assert from 'uvu/assert'
import * as z from 'zod'
import { suite } from '../testbed/suite.ts'
import { annotateExample } from './annotate-example.ts'

const test = suite('examples with descriptions')

const line = {
  name: z.string().meta({ description: 'name of it' }),
  baudRate: z.int().default(9600).meta({ description: 'speed', unit: 'bit/s' }),
}
const schemaOf = (more: z.ZodRawShape) =>
  z.strictObject({
    version: z.literal(1).meta({ description: 'version' }),
    lines: z.array(z.strictObject({ ...line, ...more })).meta({ description: 'a line' }),
  })

const TEXT = `# Ours.

version = 1                     # version (required)

# The first.
[[lines]]
name = "a # b"                  # name of it (required)
# baud_rate = 9600              # speed (bit/s; default 9600)

# The second.
[[lines]]                       # ours, too
name = "c"                      # kept
`

test('a text that has all is as it was', () => {
  assert.is(annotateExample(TEXT, schemaOf({})), TEXT)
  const bare = TEXT.replace(/ +# (version|name|speed).*/g, '')
  assert.is(annotateExample(bare, schemaOf({})), TEXT)
})

test('adds what is missing to the first table of its kind, and replaces a comment that is out of date', () => {
  const more = {
    rts: z.enum(['on', 'off']).default('on').meta({ description: 'level of RTS' }),
    banner: z.string().optional().meta({ description: 'text', example: 'Hello' }),
  }
  const expected = TEXT.replace(
    '\n\n# The second',
    '\nrts = "on"                      # level of RTS ("on" or "off"; default "on")\n# banner = "Hello"              # text\n\n# The second',
  )
  assert.is(annotateExample(TEXT, schemaOf(more)), expected)
  assert.is(annotateExample(expected.replace('level of RTS', 'something'), schemaOf(more)), expected)
})

test('a long description is above its setting, and so is that of a value of several lines', () => {
  const long = Array.from({ length: 30 }, () => 'word').join(' ')
  const schema = z.strictObject({
    long: z.string().meta({ description: long }),
    keys: z.array(z.string()).meta({ description: 'keys' }),
    ca: z.string().meta({ description: 'certificate' }),
  })
  const text = 'long = "x"\nkeys = [  # old\n  "a",\n]\nca = """\nBEGIN\n"""\n'
  const once = annotateExample(text, schema)
  assert.is(
    once,
    `# ${long.slice(0, 114)}\n# ${long.slice(115)} (required)\nlong = "x"\n# keys (required)\nkeys = [\n  "a",\n]\n# certificate (required)\nca = """\nBEGIN\n"""\n`,
  )
  assert.is(annotateExample(once, schema), once)
})

test('refuses what it cannot do', () => {
  const nothing = z.string().optional().meta({ description: 'text' })
  assert.throws(() => annotateExample(TEXT, schemaOf({ nothing })), /lines\.nothing needs a default or an example/)
  assert.throws(() => annotateExample('version = 1\n', schemaOf({})), /no example of \[lines\]/)
  assert.throws(() => annotateExample(`${TEXT}[other]\n`, schemaOf({})), /\[other\] is not a table/)
})

test.run()
