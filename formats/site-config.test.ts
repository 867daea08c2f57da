import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { siteSchema } from './site-config.ts'

const test = suite('site configuration')

function problemsOf(site: unknown): string[] {
  const result = siteSchema.safeParse(site)
  return result.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
}

const eth0 = (entry: object) => ({ interfaces: [{ name: 'eth0', ...entry }] })
const wifi = (entry: object) => ({ system: { country: 'JP' }, wifi: [{ ssid: 'x', ...entry }] })

test('finds what would cost the way in, and names the key', () => {
  const peap = { method: 'peap', identity: 'x', password: 'y', verify: false }
  const cases: [site: unknown, problem: RegExp | undefined][] = [
    [eth0({ addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'] }), undefined],
    [
      eth0({ addresses: ['192.0.2.10/24'], gateways: ['198.51.100.1'] }),
      /gateways\.0: is in the network of no address/,
    ],
    [eth0({ addresses: ['192.0.2.10/24'], gateways: ['2001:db8::1'] }), /gateways\.0: is in the network of no address/],
    [eth0({ addresses: ['2001:db8::10/64'], gateways: ['fe80::1'] }), undefined],
    [eth0({ gateways: ['192.0.2.1'] }), /gateways\.0: is in the network of no address/],
    [eth0({ addresses: ['192.0.2.10'] }), /addresses\.0: must be an address such as/],
    [eth0({ addresses: ['192.0.2.10/33'] }), /addresses\.0: must be an address such as/],
    [eth0({ dns: ['dns.example.net'] }), /dns\.0: must be an IP address/],
    [eth0({ name: 'eth0\nDHCP=no' }), /name: must be an interface/],
    [eth0({ search: ['a b'] }), /search\.0: must be a host name/],
    [eth0({ name: 'wired', eap: peap }), /eap: needs an interface by its own name/],
    [
      eth0({ fallback: '192.168.77.1' }),
      /interfaces\.0\.fallback: must be the IPv4 address of a host with its network/,
    ],
    ...[
      '192.168.77.0/24',
      '192.168.77.255/24',
      '127.0.0.1/8',
      '224.0.0.1/24',
      '0.0.0.1/8',
      'fd00::1/64',
      '10.0.0.1/31',
    ].map((fallback): [object, RegExp] => [eth0({ fallback }), /fallback: must be the IPv4 address/]),
    [
      eth0({ fallback: '192.168.77.1/24', addresses: ['192.0.2.1/24'] }),
      /fallback: does not go together with addresses/,
    ],
    [eth0({ fallback: '192.168.77.1/24', dhcp: false }), /fallback: is for an interface with DHCP/],
    [
      { interfaces: [{ name: 'wired', fallback: '192.168.77.1/24' }] },
      /fallback: needs an interface by its own name, such as eth0/,
    ],
    ...roleCases(),
    [{ interfaces: [{ name: 'eth0' }, { name: 'eth0' }] }, /interfaces\.1\.name: is listed twice/],
    [{ wifi: [{ ssid: 'x' }] }, /system\.country: is missing/],
    [wifi({ passphrase: '1234567' }), /passphrase: must be 8 to 63/],
    [wifi({ passphrase: 'a'.repeat(64) }), undefined],
    [wifi({ passphrase: 'z'.repeat(64) }), /passphrase: must be 8 to 63/],
    [wifi({ passphrase: 'a'.repeat(64), security: 'wpa3' }), /passphrase: must be the passphrase itself/],
    [wifi({ ssid: '漢'.repeat(11) }), /ssid: must be 1 to 32 bytes/],
    [wifi({ security: 'wpa2' }), /security: is "wpa2" without/],
    [wifi({ eap: peap }), undefined],
    [wifi({ eap: { ...peap, verify: true } }), /eap\.ca: is missing: without it anybody can pretend/],
    [wifi({ eap: { ...peap, password: undefined } }), /eap\.password: is missing/],
    [wifi({ eap: { ...peap, inner: 'pap' } }), /eap\.inner: "pap" does not go with PEAP/],
    [wifi({ eap: { ...peap, method: 'tls' } }), /eap\.clientCertificate: is missing/],
    [wifi({ eap: peap, passphrase: 'long enough' }), /passphrase: does not go together with eap/],
    [{ system: { hostname: 'a_b' } }, /hostname: must be of a-z/],
    [{ system: { timeZone: '../../etc/shadow' } }, /timeZone: must be a time zone/],
    [{ system: { country: 'Japan' } }, /country: must be the two capital letters/],
    [{ system: { language: 'jp' } }, /system\.language: must be "en" or "ja"/],
    [{ system: { ntp: ['a\nb'] } }, /ntp\.0: must be a host name/],
  ]
  for (const [site, problem] of cases) {
    const problems = problemsOf(site)
    if (problem === undefined) assert.equal(problems, [], JSON.stringify(site))
    else assert.match(problems.join('\n'), problem, JSON.stringify(site))
  }
})

/** The roles of wired ports. */
function roleCases(): [site: unknown, problem: RegExp | undefined][] {
  const fixed = { role: 'static', address: '192.168.77.1/24' }
  const router = { role: 'router', address: '192.168.77.1/24' }
  const two = (one: object, other: object) => ({
    interfaces: [
      { name: 'eth0', ...one },
      { name: 'eth1', ...other },
    ],
  })
  return [
    [eth0(fixed), undefined],
    [eth0({ ...fixed, gateway: '192.168.77.254', dns: ['192.0.2.53'] }), undefined],
    [eth0(router), undefined],
    [eth0({ role: 'client', fallback: '192.168.77.1/24', dns: ['192.0.2.53'] }), undefined],
    [{ interfaces: [{ name: 'wired', role: 'client' }] }, undefined],
    [{ interfaces: [{ name: 'wlan0', role: 'client' }] }, undefined],
    [eth0({ role: 'server' }), /role: must be "client", "static" or "router"/],
    [eth0({ role: 'static' }), /address: is missing: the role "static" needs it, such as address = /],
    [eth0({ role: 'router' }), /address: is missing: the role "router" needs it/],
    [eth0({ ...fixed, address: '192.168.77.1' }), /address: must be the IPv4 address of a host with its network/],
    [eth0({ ...fixed, address: 'fd00::1/64' }), /address: must be the IPv4 address of a host/],
    [eth0({ ...fixed, gateway: '10.0.0.1' }), /gateway: is not in the network of 192\.168\.77\.1\/24/],
    [eth0({ ...fixed, gateway: '192.168.77.1' }), /gateway: is the address of this interface itself/],
    [eth0({ ...fixed, gateway: 'fe80::1' }), /gateway: must be an IPv4 address/],
    [eth0({ ...fixed, dns: ['192.0.2.53'] }), /dns: goes with a gateway/],
    [eth0({ ...router, gateway: '192.168.77.254' }), /gateway: does not go together with the role "router"/],
    [eth0({ ...router, eap: { method: 'peap' } }), /eap/],
    [eth0({ ...fixed, fallback: '192.168.78.1/24' }), /fallback: does not go together with the role "static"/],
    [eth0({ ...router, fallback: '192.168.78.1/24' }), /fallback: does not go together with the role "router"/],
    [
      eth0({ ...fixed, addresses: ['192.0.2.1/24'] }),
      /addresses: does not go together with the role "static": it has one/,
    ],
    [eth0({ ...fixed, dhcp: true }), /dhcp: does not go together with the role "static"/],
    [
      eth0({ role: 'client', address: '192.0.2.1/24' }),
      /address: is for the roles "static" and "router": it asks DHCP/,
    ],
    [eth0({ role: 'client', addresses: ['192.0.2.1/24'] }), /addresses: is for an interface without a role/],
    [eth0({ role: 'client', dhcp: false }), /dhcp: is false, and the role "client" asks DHCP/],
    [eth0({ address: '192.0.2.1/24' }), /address: is for the roles "static" and "router": write addresses/],
    [eth0({ gateway: '192.0.2.1' }), /gateway: is for the roles "static" and "router"/],
    [eth0({ ...router, name: 'wlan0' }), /role: is "router", which only a wired port can have, and wlan0 is Wi-Fi/],
    [eth0({ ...fixed, name: 'wwan0' }), /role: is "static", which only a wired port can have, and wwan0 is a modem/],
    [eth0({ ...fixed, name: 'wired' }), /role: is "static", which needs an interface by its own name/],
    [two(fixed, { ...router, address: '192.168.78.1/24' }), undefined],
    [
      two(fixed, { ...router, address: '192.168.0.1/16' }),
      /interfaces\.1\.address: is in the same network as .* of eth0/,
    ],
    [
      two({ fallback: '192.168.77.9/24' }, fixed),
      /interfaces\.1\.address: is in the same network as 192\.168\.77\.9\/24 of eth0/,
    ],
    [two(fixed, { addresses: ['192.168.77.2/24'] }), /interfaces\.0\.address: is in the same network as .* of eth1/],
    // Written before there were roles, and decided when they are there.
    [two({ fallback: '192.168.77.1/24' }, { fallback: '192.168.77.1/24' }), undefined],
    [two({ addresses: ['192.0.2.1/24'] }, { addresses: ['192.0.2.2/24'] }), undefined],
  ]
}

test.run()
