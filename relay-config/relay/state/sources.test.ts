import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { haproxyPortOf, parseSources, sourceOf } from './sources.ts'

const test = suite('sources behind HAProxy')

const JOURNAL = `1795721731.714366 systemd[1]: Started oobm-relay-tls.service - oobm relay: HAProxy.
1795721732.851270 haproxy[1092]: 203.0.113.3:50096 by 127.0.0.1:34436
1795721740.909757 haproxy[1092]: 2001:db8::2:50102 by 127.0.0.1:34452 within TLS
1795721750.000000 haproxy[1092]: 198.51.100.1:58674 [26/Nov/2026:19:21:01.395] within_tls/1: Timeout during SSL handshake
1795721760.000000 haproxy[1200]: 198.51.100.9:1024 by 127.0.0.1:34436
1795721761.000000 haproxy[1200]: 198.51.100.9:1024 by 127.0.0.1:34453 by 127.0.0.1:34452
`
const sources = parseSources(JOURNAL)

test('the last source at a port, before a moment, is the connection’s', () => {
  const at = (port: number, s: number) => sourceOf(sources, port, s * 1000)
  assert.equal(at(34436, 1795721733), { atMs: 1795721732851, address: '203.0.113.3', isWithinTls: false })
  assert.is(Object(at(34436, 1795721999)).address, '198.51.100.9')
  assert.equal(at(34452, 1795721999), { atMs: 1795721740909, address: '2001:db8::2', isWithinTls: true })
})

test('says why a source is not known', () => {
  const gone = { unknown: 'the journal no longer has it' }
  assert.equal(sourceOf(sources, 34436, 1795721732_000), gone, 'what came later is another one')
  assert.equal(sourceOf(sources, 34453, 1795729999_000), gone)
  assert.equal(sourceOf({ unknown: 'only root may read the journal' }, 34436, 0), {
    unknown: 'only root may read the journal',
  })
})

test('a connection came through HAProxy if it is between 127.0.0.1 and sshd’s port there', () => {
  const port = (client: string, server: string, serverPort: number) =>
    haproxyPortOf({ client: { address: client, port: 34436 }, server: { address: server, port: serverPort } })
  assert.is(port('127.0.0.1', '127.0.0.1', 822), 34436)
  assert.is(port('127.0.0.1', '127.0.0.1', 443), undefined)
  assert.is(port('203.0.113.3', '203.0.113.1', 443), undefined)
})

test.run()
