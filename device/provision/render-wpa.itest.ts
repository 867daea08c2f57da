/** What is rendered, read by the real wpa_supplicant: it prints each value that it took, and every line that it did not. */
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as z from 'zod'
import { type SiteInput, siteSchema, siteShape } from '../../formats/site-config.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { renderHotspot } from './render-hotspot.ts'
import { type RenderedWpa, renderWifi, renderWired } from './render-wpa.ts'

const test = suite('wpa_supplicant')
const SUPPLICANT = '/usr/sbin/wpa_supplicant'

interface Taken {
  networks: Record<string, string>[]
  /** What it did not understand. */
  complaints: string[]
}

/** Reads `-dd -K`: `name=value (0x…)`, and strings as a hexdump under their name. */
async function readBack(context: TestContext, { config, files }: RenderedWpa): Promise<Taken> {
  const path = join(await scratchDirectory(context), 'wpa.conf')
  await writeFile(path, config)
  for (const file of files) await writeFile(file.path, file.content)
  // It reads the file and then ends, because there is no such interface.
  const { stdout } = await runProgram(SUPPLICANT, ['-D', 'none', '-i', 'none0', '-c', path, '-dd', '-K'])
  const taken: Taken = { networks: [], complaints: [] }
  const lines = stdout.slice(stdout.indexOf('Reading configuration file')).split('\n')
  let dump: string | undefined
  for (const line of lines.slice(
    0,
    lines.findIndex(line => line.startsWith('Priority group')),
  )) {
    const network = taken.networks.at(-1)
    if (/start of a new network/.test(line)) taken.networks.push({})
    else if (/^Line \d+:|[Ff]ailed|[Ii]nvalid|unknown/.test(line)) taken.complaints.push(line)
    else if (network === undefined) continue
    else if (dump !== undefined && /^ {5}/.test(line)) {
      network[dump] = (network[dump] ?? '') + line.slice(5, 53).replaceAll(' ', '')
    } else {
      const [, dumped] = /^([\w ]+) - hexdump/.exec(line) ?? []
      dump = dumped
      const [, key, value] = /^(\w+)[=:] ?(.*)$/.exec(line) ?? []
      if (key !== undefined) network[key] = value ?? ''
      const [, inline] = /hexdump\(len=\d+\): (.*)$/.exec(line) ?? []
      if (dumped !== undefined && inline !== undefined) network[dumped] = inline.replaceAll(' ', '')
    }
  }
  return taken
}

const siteOf = (site: SiteInput) => z.strictObject(siteShape).parse(site)
const textOf = (hex: string | undefined) => Buffer.from(hex ?? '', 'hex').toString()

/** Letters that mean something to a parser, beside some that mean something to people. */
const LETTERS = ['"', '\\', '\n', '\r', '#', '{', '}', '=', ' ', "'", '\t', '\u0000', 'a', 'P"', 'ü', '漢', '🐙']
const PLAIN = { identity: 'i', anonymousIdentity: 'a', password: 'p' }
function hostile(seed: number, bytes: number): string {
  let text = ''
  for (let at = 0; ; at++) {
    const next = text + LETTERS[(seed * 31 + at * at * 7 + at) % LETTERS.length]
    if (Buffer.from(next).length > bytes) return text
    text = next
  }
}

if (spawnSync('test', ['-x', SUPPLICANT]).status !== 0) {
  test.skip('takes every name and password as it is', 'needs wpasupplicant')
} else {
  test('takes every name and password as it is, whatever is in it', async context => {
    const eap = (seed: number) => ({
      ...{ method: 'ttls' as const, inner: 'pap' as const, verify: false },
      identity: hostile(seed + 1, 60),
      anonymousIdentity: hostile(seed + 2, 60),
      password: hostile(seed + 3, 60),
    })
    const wifi = Array.from({ length: 200 }, (_, seed) => ({
      ssid: hostile(seed, 1 + (seed % 32)) || 'x',
      eap: eap(seed),
    }))
    const distinct = wifi.filter(({ ssid }, at) => wifi.findIndex(other => other.ssid === ssid) === at)
    // A file cannot have all of this; the rendered text must be right for any value.
    const site = siteOf({ wifi: distinct.map((_, at) => ({ ssid: `s${at}`, eap: { ...eap(0), ...PLAIN } })) })
    const told = site.wifi.map((network, at) => ({
      ...network,
      ssid: distinct[at]?.ssid ?? '',
      eap: { ...network.eap, ...distinct[at]?.eap } as typeof network.eap,
    }))
    const { networks, complaints } = await readBack(context, renderWifi({ ...site, wifi: told }, '/nonexistent'))
    assert.equal(complaints, [])
    assert.is(networks.length, distinct.length)
    for (const [at, network] of networks.entries()) {
      const { ssid, eap } = distinct[at] as (typeof wifi)[number]
      assert.is(textOf(network.ssid), ssid)
      assert.is(textOf(network.identity), eap.identity)
      assert.is(textOf(network.anonymous_identity), eap.anonymousIdentity)
      assert.is(textOf(network.password), eap.password)
      assert.is(textOf(network.phase2), 'auth=PAP')
    }
    assert.ok(distinct.length > 100)
  })

  test('knows each kind of network, and the key of each passphrase', async context => {
    const wifi: SiteInput['wifi'] = [
      { ssid: 'open' },
      { ssid: 'owe', security: 'wpa3' },
      // IEEE 802.11, J.4.2: passphrase "password", SSID "IEEE".
      { ssid: 'IEEE', passphrase: 'password', security: 'wpa2' },
      { ssid: 'both', passphrase: '" sae"\\x', hidden: true, priority: 7 },
      { ssid: 'sae', passphrase: 'correct horse', security: 'wpa3' },
      { ssid: 'raw', passphrase: 'A'.repeat(64) },
      { ssid: 'changes', passphrase: 'this week', nextPassphrase: 'next week', security: 'wpa3', priority: 3 },
    ]
    const { networks, complaints } = await readBack(context, renderWifi(siteOf({ wifi }), '/nonexistent'))
    assert.equal(complaints, [])
    const [open, owe, ieee, both, sae, raw, now, next] = networks
    assert.equal([open?.key_mgmt, owe?.key_mgmt, owe?.ieee80211w], ['0x4', '0x400000', '2 (0x2)'])
    assert.is(owe?.owe_only, '1 (0x1)')
    assert.is(ieee?.PSK, 'f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e')
    assert.equal([both?.scan_ssid, both?.priority, textOf(both?.sae_password)], ['1 (0x1)', '7 (0x7)', '" sae"\\x'])
    assert.is(both?.key_mgmt, '0x502')
    assert.equal([sae?.key_mgmt, sae?.PSK, textOf(sae?.sae_password)], ['0x400', undefined, 'correct horse'])
    assert.equal([raw?.PSK, raw?.sae_password], ['a'.repeat(64), undefined])
    assert.equal(
      [now, next].map(one => [textOf(one?.sae_password), one?.priority]),
      [
        ['this week', '3 (0x3)'],
        ['next week', '3 (0x3)'],
      ],
    )
    assert.equal(
      [textOf(now?.ssid), textOf(next?.ssid), now?.id_str, textOf(next?.id_str)],
      [...['changes', 'changes', undefined, 'next']],
    )
  })

  test('takes the hotspot of the board as an access point with WPA2 alone', async context => {
    const site = siteSchema.parse({
      system: { country: 'JP' },
      hotspot: { enabled: true, passphrase: 'password', ssid: 'IEEE' },
    })
    const config = renderHotspot(site, undefined)?.wpa ?? ''
    const { networks, complaints } = await readBack(context, { config, files: [] })
    assert.equal(complaints, [])
    assert.is(networks.length, 1)
    const [point] = networks
    assert.equal(
      [
        textOf(point?.ssid),
        point?.mode,
        point?.frequency,
        point?.key_mgmt,
        point?.proto,
        point?.pairwise,
        point?.group,
      ],
      ['IEEE', '2 (0x2)', '2437 (0x985)', '0x2', '0x2', '0x10', '0x10'],
    )
    assert.is(point?.ieee80211w, '0 (0x0)')
    assert.is(point?.PSK, 'f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e')
    // What it does not know it says, so that the test sees it.
    const odd = await readBack(context, { config: config.replace('mode=2', 'mood=2'), files: [] })
    assert.ok(odd.complaints.length > 0)
  })

  test('takes a certificate’s path, on a cable too', async context => {
    const directory = await scratchDirectory(context)
    const [keyFile, certificateFile] = [join(directory, 'own.key'), join(directory, 'own.crt')]
    const openssl = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-days', '1']
    await runProgram('openssl', [...openssl, '-keyout', keyFile, '-out', certificateFile])
    const [key, certificate] = [await readFile(keyFile, 'utf8'), await readFile(certificateFile, 'utf8')]
    const eap = {
      ...{ method: 'tls' as const, identity: 'rack1', ca: certificate, domain: 'radius.example.net' },
      ...{ clientCertificate: certificate, clientKey: key },
    }
    const site = siteOf({ interfaces: [{ name: 'eth0', eap }] })
    const [entry] = site.interfaces
    const rendered = entry && renderWired(entry, directory)
    if (rendered === undefined) throw new Error('nothing was rendered')
    const { networks, complaints } = await readBack(context, rendered)
    assert.equal(complaints, [])
    assert.is(textOf(networks[0]?.ca_cert), join(directory, 'wired-eth0-ca.pem'))
    assert.is(textOf(networks[0]?.private_key), join(directory, 'wired-eth0-key.pem'))
    assert.is(textOf(networks[0]?.domain_suffix_match), 'radius.example.net')
    assert.is(networks[0]?.key_mgmt, '0x8')
    assert.match(rendered.files.find(({ path }) => path.endsWith('key.pem'))?.content ?? '', /PRIVATE KEY-----\n$/)
  })
}

test.run()
