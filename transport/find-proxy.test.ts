import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { proxyFor } from './find-proxy.ts'

const test = suite('find-proxy')

const configured = { host: 'proxy.example', port: 3128, user: 'rack1' }

function found(env: NodeJS.ProcessEnv, host = 'relay.example.net') {
  return proxyFor(host, { configured: undefined, password: 'secret', env })
}

test('is the configured one, which alone gets the password', () => {
  const env = { https_proxy: 'http://other.example:8080', no_proxy: '*' }
  assert.equal(proxyFor('relay', { configured, password: 'secret', env }), { ...configured, password: 'secret' })
  assert.equal(found(env), undefined)
  assert.equal(found({ https_proxy: 'http://other.example:8080' }), { host: 'other.example', port: 8080 })
})

test('is that of the environment, in each way to write it', () => {
  const cases: [string, object | undefined][] = [
    ['http://p.example:8080', { host: 'p.example', port: 8080 }],
    ['http://p.example:80/', { host: 'p.example', port: 80 }],
    ['http://p.example', { host: 'p.example', port: 1080 }],
    ['p.example:3128', { host: 'p.example', port: 3128 }],
    ['http://u%40x:p%3Aw@p.example:1', { host: 'p.example', port: 1, user: 'u@x', password: 'p:w' }],
    ['http://[2001:db8::1]:8080', { host: '2001:db8::1', port: 8080 }],
    ['socks5://p.example:1080', undefined],
    ['https://p.example:443', undefined],
    ['http://', undefined],
  ]
  for (const [text, proxy] of cases) assert.equal(found({ HTTPS_PROXY: text }), proxy, text)
  assert.equal(found({ ALL_PROXY: 'p:1' }), { host: 'p', port: 1 })
  assert.equal(found({ https_proxy: '', all_proxy: 'p:1' }), { host: 'p', port: 1 })
  assert.equal(found({}), undefined)
})

test('is none for a host that no_proxy names', () => {
  const of = (no_proxy: string, host: string) => found({ https_proxy: 'p:1', no_proxy }, host) === undefined
  assert.ok(of('localhost, .example.net', 'relay.example.net'))
  assert.ok(of('example.net', 'Example.NET'))
  assert.ok(of('*', '192.0.2.1'))
  assert.not(of('ample.net, other.example', 'relay.example.net'))
})

test.run()
