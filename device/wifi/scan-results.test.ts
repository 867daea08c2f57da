import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { bandOf, channelOf, networksOf, readAccessPoints, type Security, securityOf } from './scan-results.ts'

const test = suite('what is in reach')

test('tells open, WPA2, WPA3 and logins apart', () => {
  const rows: [flags: string, security: Security][] = [
    ['[ESS]', 'open'],
    ['[WEP][ESS]', 'WEP'],
    ['[WPA-PSK-TKIP][ESS]', 'WPA'],
    ['[WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][WPS][ESS]', 'WPA2'],
    ['[WPA2-PSK-CCMP][ESS]', 'WPA2'],
    ['[WPA2-FT/PSK-CCMP-preauth][ESS]', 'WPA2'],
    ['[WPA2-PSK+PSK-SHA256-CCMP][ESS]', 'WPA2'],
    ['[WPA2-PSK+SAE-CCMP][SAE-H2E][ESS]', 'WPA2/WPA3'],
    ['[WPA2-SAE-CCMP][SAE-H2E][ESS]', 'WPA3'],
    ['[RSN-SAE-EXT-KEY-GCMP-256][ESS]', 'WPA3'],
    ['[WPA2-OWE-CCMP][ESS]', 'OWE'],
    ['[OWE-TRANS-OPEN][ESS]', 'open'],
    ['[WPA2-EAP-CCMP][ESS]', 'WPA2 login'],
    ['[WPA2-EAP+EAP-SHA256-CCMP][ESS]', 'WPA2 login'],
    ['[WPA2-EAP-SHA256-CCMP][ESS]', 'WPA3 login'],
    ['[WPA2-EAP-SUITE-B-192-GCMP-256][ESS]', 'WPA3 login'],
    ['[WPA2-?][ESS]', 'other'],
    ['', 'open'],
  ]
  for (const [flags, security] of rows) assert.is(securityOf(flags), security, flags)
})

const point = (id: number, freq: number, level: number, flags: string, ssid: string) => [
  `id=${id}`,
  `bssid=02:00:00:00:00:0${id}`,
  `freq=${freq}`,
  `level=${level}`,
  'age=1',
  `flags=${flags}`,
  `ssid=${ssid}`,
]

test('joins the access points of a network, the strongest first', () => {
  const points = readAccessPoints([
    ...point(1, 2437, -71, '[WPA2-PSK-CCMP][ESS]', 'Office'),
    ...point(2, 5180, -55, '[WPA2-PSK-CCMP][ESS]', 'Office'),
    // Another by that name, which is no part of it.
    ...point(3, 2412, -40, '[ESS]', 'Office'),
    ...point(4, 2484, -90, '[ESS]', 'a=b\\n'),
    // Cut short.
    ...point(5, 2412, -50, '', '').slice(0, 4),
  ])
  assert.is(points.length, 4)
  assert.equal(
    networksOf(points).map(({ name, security, signalDbm, channels, accessPoints }) => [
      name.toString(),
      ...[security, signalDbm, channels.join(' '), accessPoints],
    ]),
    [
      ['Office', 'open', -40, '1', 1],
      ['Office', 'WPA2', -55, '6 36', 2],
      ['a=b\n', 'open', -90, '14', 1],
    ],
  )
})

test('knows the channels of the three bands', () => {
  const rows: [mhz: number, channel: number, band: string][] = [
    [2412, 1, '2.4 GHz'],
    [2472, 13, '2.4 GHz'],
    [2484, 14, '2.4 GHz'],
    [5180, 36, '5 GHz'],
    [5885, 177, '5 GHz'],
    [5935, 2, '6 GHz'],
    [5955, 1, '6 GHz'],
    [7115, 233, '6 GHz'],
  ]
  for (const [mhz, channel, band] of rows) assert.equal([channelOf(mhz), bandOf(mhz)], [channel, band])
})

test.run()
