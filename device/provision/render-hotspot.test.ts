import { pbkdf2Sync } from 'node:crypto'
import * as assert from 'uvu/assert'
import { siteSchema } from '../../formats/site-config.ts'
import { suite } from '../../testbed/suite.ts'
import { localPorts } from './local-ports.ts'
import { renderHotspot } from './render-hotspot.ts'

const test = suite('rendering the hotspot')

const PASSPHRASE = 'correct horse battery'
const siteWith = (hotspot: object, more: object = {}) =>
  siteSchema.parse({
    system: { country: 'JP' },
    hotspot: { enabled: true, passphrase: PASSPHRASE, ...hotspot },
    ...more,
  })

test('is an access point with WPA2 alone, whatever is in its name and its passphrase', () => {
  const { wpa } = renderHotspot(siteWith({ ssid: 'Büro "1"\\' }), 'rack1') ?? { wpa: '' }
  const key = pbkdf2Sync(PASSPHRASE, 'Büro "1"\\', 4096, 32, 'sha1').toString('hex')
  assert.is(
    wpa,
    `ctrl_interface=DIR=/run/oobm-hotspot/wpa
country=JP
p2p_disabled=1
ap_scan=2
ap_isolate=1

network={
\tssid=${Buffer.from('Büro "1"\\').toString('hex')}
\tmode=2
\tfrequency=2437
\tkey_mgmt=WPA-PSK
\tproto=RSN
\tpairwise=CCMP
\tgroup=CCMP
\tieee80211w=0
\tpsk=${key}
}
`,
  )
  assert.match(renderHotspot(siteWith({ band: '5GHz' }), 'rack1')?.wpa ?? '', 'frequency=5180\n')
})

test('may be another radio than the one that logs in to networks', () => {
  const wifi = [{ ssid: 'Office' }]
  const two = renderHotspot(siteWith({ interface: 'wlx00c0ca' }, { wifi }), 'rack1')
  assert.equal([two?.spec.interface, two?.spec.isAlsoClient], ['wlx00c0ca', false])
  assert.match(two?.network ?? '', '\nName=wlx00c0ca\n')
  assert.is(renderHotspot(siteWith({}, { wifi }), 'rack1')?.spec.isAlsoClient, true)
  assert.equal(localPorts(siteWith({ interface: 'wlx00c0ca' })).wlx00c0ca, 'hotspot 192.168.76.1/24')
  assert.is(localPorts(siteWith({ interface: 'wlx00c0ca' })).wlan0, undefined)
})

test('names itself by the device, in at most 32 bytes', () => {
  const nameOf = (device: string | undefined) => renderHotspot(siteWith({}), device)?.spec.ssid
  assert.is(nameOf('tokyo-rack1'), 'oobm-tokyo-rack1')
  assert.is(nameOf('x'.repeat(40)), `oobm-${'x'.repeat(27)}`)
  assert.is(nameOf('é'.repeat(20)), `oobm-${'é'.repeat(13)}`)
})

test('gives addresses, and names no way to anywhere', () => {
  const { network, spec } = renderHotspot(siteWith({ address: '10.20.30.1/26' }), 'rack1') ?? { network: '', spec: {} }
  assert.match(network, '[Match]\nName=wlan0\n')
  assert.match(network, 'DHCPServer=yes\n')
  assert.match(network, '[Address]\nAddress=10.20.30.1/26\n')
  assert.match(network, 'EmitDNS=no\nEmitNTP=no\nEmitRouter=no\n')
  assert.equal(spec, {
    ...{ version: 1, interface: 'wlan0', ssid: 'oobm-rack1', address: '10.20.30.1', automatic: true },
    isAlsoClient: false,
  })
})

test('is nothing while it is off, and no port for those beside the board', () => {
  const off = siteWith({ enabled: false })
  assert.is(renderHotspot(off, 'rack1'), undefined)
  assert.is(localPorts(off).wlan0, undefined)
  assert.is(localPorts(siteWith({})).wlan0, 'hotspot 192.168.76.1/24')
})

test('does not say its passphrase to everybody', () => {
  const { spec, network } = renderHotspot(siteWith({}), 'rack1') ?? {}
  assert.not.match(`${JSON.stringify(spec)}${network}`, PASSPHRASE)
})

test.run()
