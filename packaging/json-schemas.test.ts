import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { camelCase, snakeCase } from '../formats/key-case.ts'
import { tomlValue } from '../formats/toml-file.ts'
import { suite } from '../testbed/suite.ts'
import { jsonSchemas } from './json-schemas.ts'

const test = suite('JSON Schemas')

const schemas = jsonSchemas()
const example = (path: string) => readFileSync(join(import.meta.dirname, '../docs', path), 'utf8')

/** What an editor would say about a TOML text. */
function problemsOf(schema: string, text: string): string[] {
  const value = JSON.parse(JSON.stringify(tomlValue('x', text)), (_, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).map(([key, value]) => [snakeCase(camelCase(key)), value]))
      : item,
  )
  const result = z.fromJSONSchema(JSON.parse(schema)).safeParse(value)
  return result.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? []
}

test('take the examples, and find what is wrong in a copy', () => {
  const fleet = example('fleet.example.toml')
  assert.equal(problemsOf(schemas.fleet, fleet), [])
  const [, site = ''] = /<!-- site: .*-->\n```toml\n([\s\S]*?)```/.exec(example('provisioning.md')) ?? []
  assert.equal(problemsOf(schemas.oobm, site), [])
  const cases: [schema: string, text: string, problem: RegExp][] = [
    [schemas.fleet, fleet.replace('baud_rate = 9600', 'baud_rate = 5'), /^devices\.0\.consoles\.0\.baud_rate /],
    [schemas.fleet, fleet.replace('parity = "none"', 'parity = "odd!"'), /^devices\.0\.consoles\.0\.parity /],
    [schemas.fleet, fleet.replace('backend = "auto"', 'back_end = "auto"'), /^devices\.0\.led .*back_end/],
    [schemas.fleet, fleet.replace('host = "lon.example.net"', ''), /^relays\.1\.host /],
    [schemas.oobm, site.replace('hidden = false', 'hidden = "no"'), /^wifi\.0\.hidden /],
    [schemas.device, 'version = 1', /^device /],
  ]
  for (const [schema, text, problem] of cases) assert.match(problemsOf(schema, text).join('\n'), problem)
})

test('oobm.toml may hold a change alone', () => {
  assert.equal(problemsOf(schemas.oobm, '[[technicians]]\nname = "bob"\nremove = true\n[led]\nremove = true'), [])
  assert.match(problemsOf(schemas.oobm, 'remove = true').join(), /remove/)
  assert.match(problemsOf(schemas.oobm, '[led]\nremove = false').join(), /^led\.remove /)
})

test('say of each setting what it is, what it takes, and what counts without it', () => {
  const { properties } = JSON.parse(schemas.fleet)
  const { baud_rate, path } = properties.devices.items.properties.consoles.items.properties
  assert.equal(baud_rate, {
    default: 9600,
    type: 'integer',
    minimum: 50,
    maximum: 4_000_000,
    description:
      'Speed of the line. `oobm doctor` warns about a speed that no equipment has. 50 to 4000000 bit/s; default 9600.',
  })
  assert.match(path.description, /^Its serial line: .* Text; required without usb\.$/)
  for (const schema of Object.values(schemas)) assert.not.match(schema, /"(details|whenLeftOut|example|sameAs)":/)
})

test.run()
