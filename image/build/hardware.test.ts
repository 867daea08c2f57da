import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { USB_SOUND, USB_WIFI } from './hardware.ts'

const test = suite('hardware of a card')
const page = readFileSync(join(import.meta.dirname, '../../docs/image.md'), 'utf8')

test('docs/image.md names each family and each adapter that is promised, and no other', () => {
  const rows = USB_WIFI.map(({ name, adapters }) => `| ${name} | ${adapters.map(({ what }) => what).join(', ')} |`)
  for (const row of rows) assert.ok(page.includes(`\n${row}\n`), `not in docs/image.md: ${row}`)
  assert.match(page, `\n| ${USB_SOUND.name} | `)
})

test('each adapter is answered by a module of its family, under the name that the kernel gives it', () => {
  for (const { name, modules, adapters } of [...USB_WIFI, USB_SOUND]) {
    for (const { what, alias, module } of adapters) {
      assert.match(alias, /^usb:v[0-9A-F]{4}p[0-9A-F]{4}d[0-9A-F]{4}/, what)
      assert.ok(modules.map(each => each.replaceAll('-', '_')).includes(module), `${what}: ${module} is not of ${name}`)
    }
  }
})

test.run()
