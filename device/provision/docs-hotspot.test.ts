/** The example of docs/hotspot.md, and what it says of defaults and times, held against the code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { HOTSPOT_BANDS } from '../../formats/hotspot.ts'
import { siteSchema } from '../../formats/site-config.ts'
import { checkValue, readToml } from '../../formats/toml-file.ts'
import { suite } from '../../testbed/suite.ts'
import { renderHotspot } from './render-hotspot.ts'

const test = suite('docs/hotspot.md')
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/hotspot.md'), 'utf8')

test('its example switches a hotspot on, with the defaults that it says', () => {
  const [, text = ''] = /<!-- hotspot:.*-->\n```toml\n([\s\S]*?)```/.exec(PAGE) ?? []
  const site = checkValue(readToml('hotspot', text), siteSchema)
  assert.ok('data' in site, JSON.stringify(site))
  assert.is(renderHotspot(site.data, 'tokyo-rack1')?.spec.ssid, 'oobm-tokyo-rack1')
  assert.match(PAGE, `| \`address\` | \`${site.data.hotspot.address}\` |`)
  assert.match(PAGE, `| \`band\` | \`2.4GHz\` (channel ${HOTSPOT_BANDS['2.4GHz'].channel})`)
  assert.match(PAGE, `\`5GHz\` (channel ${HOTSPOT_BANDS['5GHz'].channel})`)
})

test('the script ends it after the time that the page and the planner say', () => {
  const script = readFileSync(join(import.meta.dirname, '../../packaging/device/files/usr/lib/oobm/hotspot'), 'utf8')
  assert.match(script, /EMPTY_S=\$\{OOBM_HOTSPOT_EMPTY_S:-300\}/)
  assert.match(script, /IDLE_S=\$\{OOBM_HOTSPOT_IDLE_S:-1800\}/)
  assert.match(PAGE, '**when nobody was on it for 5 minutes**')
  assert.match(PAGE, 'no connection with the board for 30 minutes')
})

test.run()
