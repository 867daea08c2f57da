import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { consoleSchema } from './console-settings.ts'
import { commandOf, parseLinePath, shownPath } from './line-path.ts'

const test = suite('line path')

test('reads a host and a port, and a command', () => {
  assert.equal(parseLinePath('telnet://192.0.2.7:23'), { kind: 'telnet', host: '192.0.2.7', port: 23 })
  assert.equal(parseLinePath('rfc2217://terms.example.net:4001'), {
    kind: 'rfc2217',
    host: 'terms.example.net',
    port: 4001,
  })
  assert.equal(parseLinePath('telnet://[2001:db8::7]:2001'), { kind: 'telnet', host: '2001:db8::7', port: 2001 })
  assert.equal(parseLinePath('exec: ssh -tt $OOBM_LINE_HOST'), { kind: 'exec', command: 'ssh -tt $OOBM_LINE_HOST' })
  assert.is(commandOf('exec:'), '')
  assert.is(commandOf('/dev/ttyUSB0'), undefined)
})

test('takes nothing that is no such line', () => {
  const others = [
    ...[
      'telnet://192.0.2.7',
      'telnet:192.0.2.7:23',
      'telnet://192.0.2.7:0',
      'telnet://192.0.2.7:65536',
      'telnet://:23',
    ],
    ...[
      'telnet://a b:23',
      'telnet://user@192.0.2.7:23',
      'telnet://192.0.2.7:23/',
      'telnet://[x]:23',
      'rfc2217://h:1?x=1',
    ],
    ...['telnet://2001:db8::7:23', 'ssh://192.0.2.7:22', 'exec:a\nb', 'exec:\u001b[2J', '/dev/x', 'sim:router', ''],
  ]
  for (const path of others) assert.is(parseLinePath(path), undefined, path)
  for (const path of ['telnet://x', 'telnet:x', 'exec:a\nb', 'rfc2217:'])
    assert.not(consoleSchema.safeParse({ name: 'c', path }).success, path)
  for (const path of ['sim:router', 'telnet://x:1', 'exec:', '/dev/ttyUSB0'])
    assert.ok(consoleSchema.safeParse({ name: 'c', path }).success, path)
})

test('says what is wrong with a line over the network', () => {
  const told = (path: string) => consoleSchema.safeParse({ name: 'c', path }).error?.issues[0]?.message
  assert.is(told('telnet://192.0.2.7'), 'must be telnet://HOST:PORT, such as telnet://192.0.2.7:4001')
  assert.is(told('rfc2217:x'), 'must be rfc2217://HOST:PORT, such as rfc2217://192.0.2.7:4001')
  assert.is(told('telnet://2001:db8::7:23'), 'must be telnet://HOST:PORT, such as telnet://[2001:db8::7]:4001')
  for (const path of ['tcp://h:1', 'ssh://h', 'Telnet://h:23'])
    assert.is(told(path), 'is of no known kind: telnet://HOST:PORT, rfc2217://HOST:PORT, exec:, or a device file', path)
  assert.match(told('exec:a\nb') ?? '', /^must be exec: and a command/)
  assert.match(told('tty USB0') ?? '', /^must be a device file/)
})

test('takes the settings of a command for a command alone', () => {
  const problems = (path: string, more: object) =>
    consoleSchema.safeParse({ name: 'c', path, ...more }).error?.issues.map(({ path: [key] }) => key) ?? []
  const settings = { execHosts: ['192.0.2.7'], execBreak: '~B' }
  assert.equal(problems('telnet://192.0.2.7:23', settings), ['execHosts', 'execBreak'])
  assert.equal(problems('/dev/ttyUSB0', settings), ['execHosts', 'execBreak'])
  assert.equal(problems('exec:', settings), [])
})

test('shows no more of a command than its program', () => {
  assert.is(shownPath('exec:ipmitool -P secret sol activate'), 'exec:ipmitool')
  assert.is(shownPath('exec:'), 'exec:')
  assert.is(shownPath('telnet://192.0.2.7:23'), 'telnet://192.0.2.7:23')
})

test.run()
