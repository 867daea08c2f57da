import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { parseSs, receivedMsAgo } from './received.ts'

const test = suite('the output of ss about connections')

// As ss of iproute2 6.1 writes it, shortened, and an address in each way that it may be written in.
const TEXT = `ESTAB      0      0          192.0.2.1:443    198.51.100.7:40112
	 cubic wscale:7,7 rto:204 rtt:0.03/0.01 ato:40 mss:1448 lastsnd:9 lastrcv:61234 lastack:9 pacing_rate 1Mbps
ESTAB      0      0          192.0.2.1:443    198.51.100.7:40113
	 cubic wscale:7,7 rto:204 rtt:0.03/0.01 lastsnd:9 lastack:9
ESTAB      0      0      [::ffff:192.0.2.1]:443    [::ffff:198.51.100.8]:50000
	 bbr wscale:10,10 rto:200 bbr:(bw:0bps,mrtt:0.019) lastrcv:276 send 1bps
ESTAB 0 0 [2001:db8::1]:443 [2001:db8::7]:50001 cubic rto:204 lastrcv:77
ESTAB      0      0      [fe80::1%eth0]:443    [fe80::7%eth0]:50002
	 cubic rto:204 lastrcv:78
ESTAB      0      0      [fe80::1]%eth0:443    [fe80::8]:50003
	 cubic rto:204 lastrcv:79
CLOSE-WAIT 1      0          127.0.0.1%lo:443    127.0.0.1:50004
	 cubic rto:204 lastrcv:80
ESTAB      0      0          192.0.2.1:443    198.51.100.9:40114
`

const ask = (server: string, client: string, port: number) =>
  receivedMsAgo(parseSs(TEXT), { server: { address: server, port: 443 }, client: { address: client, port } })

const CASES: [what: string, server: string, client: string, port: number, ms: number | undefined][] = [
  ['IPv4', '192.0.2.1', '198.51.100.7', 40112, 61_234],
  ['a figure of 0, which is left out', '192.0.2.1', '198.51.100.7', 40113, 0],
  ['IPv4 on an IPv6 socket', '192.0.2.1', '198.51.100.8', 50000, 276],
  ['IPv6, all on one line', '2001:db8::1', '2001:db8::7', 50001, 77],
  ['a zone within the brackets', 'fe80::1%eth0', 'fe80::7%eth0', 50002, 78],
  ['a zone behind them', 'fe80::1%eth0', 'fe80::8%eth0', 50003, 79],
  ['a socket of one interface, whose peer has ended', '127.0.0.1', '127.0.0.1', 50004, 80],
  ['a connection without figures', '192.0.2.1', '198.51.100.9', 40114, undefined],
  ['another port of the same peer', '192.0.2.1', '198.51.100.7', 40115, undefined],
  ['the same connection seen from its other end', '198.51.100.7', '192.0.2.1', 40112, undefined],
]
for (const [what, server, client, port, ms] of CASES) {
  test(`finds ${what}`, () => assert.is(ask(server, client, port), ms))
}

test('finds nothing in other text', () => {
  for (const text of ['', '\n\n', 'ss: command not found', '\trto:1 lastrcv:5', 'ESTAB 0 0 * *\n\trto:1 lastrcv:5\n']) {
    assert.is(parseSs(text).size, 0, text)
  }
})

test.run()
