import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { snakeCase } from '../formats/key-case.ts'
import { provisioningSchema, REQUIRED_KEYS } from '../formats/provisioning.ts'
import { tablesOf } from '../formats/settings.ts'
import { fleetShape } from '../relay-config/fleet/fleet-schema.ts'
import { suite } from '../testbed/suite.ts'
import { DOCS } from './docs.ts'

const test = suite('docs and schemas')

const page = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8')

test('the examples have every setting, described as in its schema', () => {
  for (const [path, upToDate] of Object.entries(DOCS)) {
    assert.is(page(path), upToDate(page(path)), `${path} is out of date: "make docs" writes it`)
  }
})

test('docs/provisioning.md lists the keys that make a file whole', () => {
  const keys = REQUIRED_KEYS.map(key => `\`${snakeCase(key)}\``)
  assert.equal(keys.length, 6)
  const list = `has ${keys.slice(0, -1).join(', ')} and ${keys.at(-1)}`
  assert.ok(page('docs/provisioning.md').includes(list), list)
})

test('each table and each setting is described by a phrase', () => {
  for (const [head, ...tables] of [tablesOf(fleetShape), tablesOf(provisioningSchema)]) {
    const settings = [head, ...tables].flatMap(table => table?.settings ?? [])
    for (const { description, details = '.' } of [...settings, ...tables]) {
      assert.match(description ?? 'No description.', /^([a-z0-9`]|BCM |TCP )[\s\S]*[^.]$/)
      assert.match(details, /\.$/)
    }
  }
})

test.run()
