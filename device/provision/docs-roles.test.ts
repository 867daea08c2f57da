/** The examples of docs/network-roles.md, held against the formats. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { shellSchema } from '../../formats/device-settings.ts'
import { siteSchema } from '../../formats/site-config.ts'
import { checkValue, readToml } from '../../formats/toml-file.ts'
import { suite } from '../../testbed/suite.ts'
import { localPorts } from './local-ports.ts'

const test = suite('docs/network-roles.md')
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/network-roles.md'), 'utf8')

function example(name: string): Record<string, unknown> {
  const [, text] = new RegExp(`<!-- ${name}:.*-->\n\`\`\`toml\n([\\s\\S]*?)\`\`\``).exec(PAGE) ?? []
  assert.ok(text, name)
  return readToml(name, text ?? '')
}

test('its examples are settings, and mean what it says', () => {
  const site = checkValue(example('static'), siteSchema)
  assert.ok('data' in site, JSON.stringify(site))
  assert.equal(localPorts(site.data), {
    wired: 'client -',
    eth0: 'client 192.168.77.1/24',
    eth1: 'static 192.168.78.1/24',
  })
  assert.is(shellSchema.parse(example('closed').shell).sshOnUplink, false)
})

test.run()
