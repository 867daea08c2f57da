import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { apiPage, portalPage } from './portal-page.ts'

const test = suite('portal-page')

const led = (location: string | undefined, host = 'relay.example', status = 302) =>
  portalPage({ status, location }, host)

test('is where another host is named', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    assert.is(
      led('http://portal.hotel.example/login?id=7', undefined, status),
      'http://portal.hotel.example/login?id=7',
    )
  }
  assert.is(led('https://192.0.2.9:8443/', '192.0.2.1'), 'https://192.0.2.9:8443/')
  assert.is(led('//portal.example/x', '2001:db8::1'), 'http://portal.example/x')
})

test('is the answer itself where a login is asked for by its status', () => {
  assert.is(led(undefined, '2001:db8::1', 511), 'http://[2001:db8::1]/')
})

test('is none where the answer leads nowhere else', () => {
  assert.is(led('http://portal.example/', undefined, 200), undefined)
  assert.is(led('http://portal.example/', undefined, 404), undefined)
  for (const location of [
    undefined,
    '',
    '/login',
    'https://relay.example/',
    'https://RELAY.example:8443/x',
    'http://',
    'http://a b/',
  ])
    assert.is(led(location), undefined, location)
})

test('is no address of another kind', () => {
  for (const location of ['javascript:alert(1)', 'file:///etc/passwd', 'ssh://portal.example', 'data:text/html,x'])
    assert.is(led(location), undefined, location)
})

test('has nothing that a terminal obeys, no login, and a length that can be typed', () => {
  for (const [location, page] of [
    ['http://p.example/\u001b]0;x\u0007\u009b2J?\u202e=\r\n', 'http://p.example/%1B]0;x%07%C2%9B2J?%E2%80%AE='],
    ['http://admin:secret@p.example/a#b', 'http://p.example/a'],
    [`http://p.example/login?${'x'.repeat(8000)}`, 'http://p.example/login'],
    [`http://p.example/${'x'.repeat(8000)}`, 'http://p.example/'],
    ['http://p\u0430ypal.example/', 'http://xn--pypal-4ve.example/'],
  ] as const)
    assert.is(led(location), page)
  const long = led(`http://${'a.'.repeat(120)}example/`)
  assert.ok((long?.length ?? 999) <= 160, long)
})

test('is what the API of a captive portal says, where that is in the way (RFC 8908)', () => {
  const api = new URL('https://api.example/capport')
  const page = (answer: unknown) => apiPage(typeof answer === 'string' ? answer : JSON.stringify(answer), api)
  const captive = { captive: true, 'user-portal-url': 'https://portal.example/login' }
  assert.is(page(captive), 'https://portal.example/login')
  assert.is(page({ ...captive, captive: false }), undefined)
  for (const url of [undefined, '', 'javascript:alert(1)', 'file:///etc/passwd', '\u001b[2J', 'http://']) {
    assert.is(page({ captive: true, 'user-portal-url': url }), 'https://api.example/capport', url)
  }
  for (const other of [
    '',
    '<html>',
    'null',
    '[]',
    '{}',
    { captive: 'true' },
    { captive: true, 'user-portal-url': 7 },
  ]) {
    assert.is(page(other), undefined, JSON.stringify(other))
  }
})

test.run()
