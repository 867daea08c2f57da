import * as assert from 'uvu/assert'
import { deviceConfigSchema } from '../../formats/device-config.ts'
import type { SidedAddress } from '../../formats/sides.ts'
import { suite } from '../../testbed/suite.ts'
import { judgeListeners, type ListenFacts, type Service } from './judge-listeners.ts'
import { listensAt, parseListeners } from './listeners.ts'

const test = suite('what listens where, in doctor')

const TEXT = `udp UNCONN 0 0 10.9.1.50%eth0:68 0.0.0.0:* users:(("systemd-network",pid=7,fd=1))
udp UNCONN 0 0 [fe80::1]%eth0:546 [::]:* users:(("systemd-network",pid=7,fd=2))
udp UNCONN 0 0 [fe80::2%eth0]:5353 [::]:*
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))
tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=1,fd=4))
tcp LISTEN 0 511 127.0.0.1:2222 0.0.0.0:* users:(("node",pid=2,fd=4))
tcp LISTEN 0 511 *:9090 *:*
tcp LISTEN 0 9 192.168.78.1:21 0.0.0.0:* users:(("vsftpd",pid=3,fd=4))
udp UNCONN 0 0 0.0.0.0:5353 0.0.0.0:* users:(("systemd-resolve",pid=5,fd=14))
tcp LISTEN this is not of ss
`

test('reads what ss prints', () => {
  const found = parseListeners(TEXT)
  assert.equal(
    found.map(({ address, interface: name, port }) => [address, name, port].filter(one => one !== undefined).join(' ')),
    [
      '10.9.1.50 eth0 68',
      'fe80::1 eth0 546',
      'fe80::2 eth0 5353',
      'any4 22',
      'any6 22',
      '127.0.0.1 2222',
      'any 9090',
      '192.168.78.1 21',
      'any4 5353',
    ],
  )
  assert.is(found[3]?.program, 'sshd')
  assert.is(found[6]?.program, undefined)
  const at = (text: string, address: string) =>
    parseListeners(text).some(listener => listensAt(listener, { interface: 'eth0', address }))
  assert.ok(at('tcp LISTEN 0 1 *:1 *:*', 'fe80::1'))
  assert.not.ok(at('tcp LISTEN 0 1 [::]:1 [::]:*', '10.0.0.1'))
  assert.not.ok(at('tcp LISTEN 0 1 0.0.0.0%eth1:1 0.0.0.0:*', '10.0.0.1'))
})

const config = (sshOnUplink: boolean) =>
  ({
    shell: { ...deviceConfigSchema.shape.shell.parse({}), sshOnUplink },
    bridge: { port: 2222 },
  }) as ListenFacts['config']
const UPLINK: SidedAddress = {
  interface: 'eth0',
  address: '10.9.1.50',
  prefixLength: 24,
  side: 'uplink',
  why: 'a lease',
}
const LOCAL: SidedAddress = {
  interface: 'eth1',
  address: '192.168.78.1',
  prefixLength: 24,
  side: 'local',
  why: 'its role',
}

test('says what each side reaches, and what nobody expects there', () => {
  const services: Service[] = parseListeners(TEXT)
  const ftp = services.map(one => (one.port === 21 ? { ...one, unit: 'oobm-files-ftp@192.168.78.1.service' } : one))
  const quiet = ftp.filter(({ port }) => port !== 9090)
  const beside = services
    .filter(({ port }) => port === 21)
    .flatMap(one => [80, 2222].map(port => ({ ...one, port, program: 'systemd' })))
  const cases: [Partial<ListenFacts>, string, RegExp][] = [
    [{ services: quiet }, 'ok ok ok', /127\.0\.0\.1 reached through the tunnel: sshd :22, console bridge :2222\n/],
    [{ services: quiet }, 'ok ok ok', /10\.9\.1\.50 eth0, uplink \(a lease\): sshd :22\n/],
    [{ services: quiet }, 'ok ok ok', /192\.168\.78\.1 eth1, local \(its role\): sshd :22, files-ftp :21/],
    [{ services: beside }, 'ok ok ok', /192\.168\.78\.1 eth1, local \(its role\): page :80, consoles :2222/],
    [
      { services: quiet.map(one => (one.port === 5353 ? { ...one, program: 'avahi-daemon' } : one)) },
      'ok warning ok',
      /10\.9\.1\.50 .*sshd :22, and mDNS UDP :5353/,
    ],
    [{ services: ftp }, 'ok warning ok', /10\.9\.1\.50 .*sshd :22, and a program :9090/],
    [{ services: quiet, config: config(false), sshIsClosed: true }, 'ok ok ok', /sshd :22 \(closed: ssh_on_uplink\)/],
    [
      { services: quiet, config: config(false), sshIsClosed: undefined },
      'ok ok ok',
      /sshd :22 \(should be closed; sudo/,
    ],
    [
      { services: quiet, config: config(false), sshIsClosed: false },
      'ok wrong ok',
      /sshd :22 is open, and shell\.ssh_on/,
    ],
    [
      { services: ftp, addresses: [{ ...LOCAL, side: 'uplink' }] },
      'ok wrong',
      /files-ftp :21, which is for local addresses only/,
    ],
  ]
  for (const [facts, verdicts, text] of cases) {
    const findings = judgeListeners({
      ...{ config: config(true), services, addresses: [UPLINK, LOCAL], sshIsClosed: undefined },
      ...facts,
    })
    assert.is(findings.map(({ result }) => result).join(' '), verdicts)
    assert.match(findings.map(({ what, detail }) => `${what.replace('listens on ', '')} ${detail}\n`).join(''), text)
  }
})

test.run()
