/** Networks changed in a wpa_supplicant that runs: the real one takes each line, and keeps the network that the board is in. */
import * as assert from 'uvu/assert'
import { hotspotSchema } from '../../formats/hotspot.ts'
import type { Site, WifiConfig } from '../../formats/site-config.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { renderNetworks, renderWifi } from '../provision/render-wpa.ts'
import { readConnection, readReach, scan } from './connection.ts'
import { renewOthers } from './renew.ts'
import { MISSING, startWpa } from './testing/running-wpa.ts'
import { type WpaControl, withWpa } from './wpa-control.ts'

const test = suite('changing networks of a running wpa_supplicant')

const network = (ssid: string, more: Partial<WifiConfig> = {}): WifiConfig => ({
  ...{ ssid, priority: 0, security: 'auto', hidden: false, passphrase: `of ${ssid} "it's" \\x41` },
  ...more,
})
const site = (wifi: WifiConfig[]): Site => ({
  ...{
    system: { country: 'JP', timeZone: 'UTC', ntp: [], language: 'en' },
    interfaces: [],
    outletSecrets: [],
    firstInstallation: [],
    cellular: [],
    hotspot: hotspotSchema.parse({}),
  },
  wifi,
})
const NEVER = new AbortController().signal

if (MISSING === undefined) {
  test('takes every kind of network, and sets only the priority of its own', async context => {
    const directory = await scratchDirectory(context)
    const before = site([network('Office'), network('Old'), network('Older', { hidden: true })])
    const { sockets } = await startWpa(context, directory, renderWifi(before, directory).config, false)
    const eap = { method: 'peap', identity: 'a', password: 'b', inner: 'mschapv2', verify: false } as const
    const after = site([
      network('Office', { priority: 7, nextPassphrase: 'the next one' }),
      network('B\u00fcro \u{1f419} "', { priority: 3, security: 'wpa3' }),
      network('PONG', { priority: 2, security: 'wpa2', hidden: true }),
      network('Guests', { passphrase: undefined }),
      network('Enhanced', { passphrase: undefined, security: 'wpa3' }),
      network('Campus', { passphrase: undefined, eap }),
      network('Key', { passphrase: '0123456789abcdef'.repeat(4) }),
    ])
    await withWpa(sockets, 'wlan0', NEVER, async control => {
      const { networks } = renderNetworks(after, directory)
      await renewOthers(control, networks, { id: 0, isNext: false }, { ssid: 'Office', isNext: false })
      assert.equal(await known(control), [
        '0 Office priority 7 enabled',
        '3 Office priority 7 id_str "next" enabled',
        '4 B\\xc3\\xbcro \\xf0\\x9f\\x90\\x99 \\" priority 3 enabled',
        '5 PONG priority 2 scan_ssid 1 enabled',
        '6 Guests priority 0 enabled',
        '7 Enhanced priority 0 enabled',
        '8 Campus priority 0 enabled',
        '9 Key priority 0 enabled',
      ])
      // The second passphrase of Office is the one in use, and becomes the first.
      await renewOthers(control, networks, { id: 3, isNext: true }, { ssid: 'Office', isNext: false })
      const again = await known(control)
      assert.equal(again.slice(0, 2), [
        '3 Office priority 7 id_str "" enabled',
        '10 Office priority 7 id_str "next" enabled',
      ])
      assert.is(again.length, 8)
    })
  })

  test('without a radio it is in no network, knows no access point, and a scan says so', async context => {
    const directory = await scratchDirectory(context)
    const { config } = renderWifi(site([network('Office')]), directory)
    const { sockets } = await startWpa(context, directory, config, false)
    await withWpa(sockets, 'wlan0', NEVER, async control => {
      assert.is(await readConnection(control), undefined)
      assert.equal(await readReach(control), [])
      assert.is(await scan(control, async () => {}), undefined)
      await rejects(() => control.tell('set_network 0 psk "short"'), /refuses "set_network 0 psk" on wlan0: FAIL$/)
    })
    assert.is(await withWpa(sockets, 'wlan1', NEVER, async () => 'asked'), undefined)
  })
} else test.skip('takes every kind of network, and sets only the priority of its own', MISSING)

async function known(control: WpaControl): Promise<string[]> {
  const lines = await control.ask('list_networks')
  const found: string[] = []
  for (const line of lines) {
    const [id = '', ssid, , flags = ''] = line.split('\t')
    if (!/^\d+$/.test(id)) continue
    const of = async (key: string) => (await control.ask(`get_network ${id} ${key}`)).at(-1)
    const more = [`priority ${await of('priority')}`]
    if ((await of('scan_ssid')) === '1') more.push('scan_ssid 1')
    const idString = await of('id_str')
    if (idString !== 'FAIL' && idString !== undefined) more.push(`id_str ${idString}`)
    more.push(flags.includes('DISABLED') ? 'disabled' : 'enabled')
    found.push(`${id} ${ssid} ${more.join(' ')}`)
  }
  return found
}

async function rejects(work: () => Promise<unknown>, pattern: RegExp): Promise<void> {
  try {
    await work()
  } catch (err) {
    assert.match((err as Error).message, pattern)
    return
  }
  assert.unreachable('it did not fail')
}

test.run()
