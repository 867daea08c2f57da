import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { siteShape } from '../../formats/site-config.ts'
import { checkValue, describePath, readToml } from '../../formats/toml-file.ts'
import { suite } from '../../testbed/suite.ts'
import { mergeProvisioning } from '../import/merge.ts'

const test = suite('docs/provisioning.md')
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/provisioning.md'), 'utf8')

function example(name: string): Record<string, unknown> {
  const [, text] = new RegExp(`<!-- ${name}:.*-->\n\`\`\`toml\n([\\s\\S]*?)\`\`\``).exec(PAGE) ?? []
  return readToml(name, text ?? '')
}

test('the example of a site has nothing wrong but certificates that are cut short', () => {
  const site = example('site')
  const checked = checkValue(site, z.strictObject(siteShape))
  const problems = 'problems' in checked ? checked.problems : []
  assert.equal(
    problems.map(({ path, message }) => `${describePath(path)} ${message}`),
    ['wifi[2].eap.ca', 'interfaces[1].eap.ca', 'interfaces[1].eap.client_certificate'].map(
      key => `${key} must be a certificate in PEM form, from BEGIN to END`,
    ),
  )
})

test('the example of a change does what the page says', () => {
  const before = { ...example('site'), led: { pin: 4 }, technicians: [{ name: 'alice' }, { name: 'bob' }] }
  const { value, problems, complete } = mergeProvisioning(before, example('change'))
  assert.equal([problems, complete, 'led' in value], [[], false, false])
  assert.equal(
    (value.technicians as { name: string }[]).map(({ name }) => name),
    ['alice'],
  )
  const [office, ...others] = value.wifi as Record<string, unknown>[]
  assert.equal([office?.passphrase, office?.priority, others], ['a new passphrase', 10, []])
})

test.run()
