import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { sentBytesIn } from './sent-bytes.ts'

const test = suite('bytes that have arrived')

test('reads each connection that is up, and what it does not know is none', () => {
  const text = `ESTAB 0      2565120      127.0.0.1:30044  127.0.0.1:50172 cubic wscale:7,7 rto:204 bytes_sent:983025 bytes_acked:917490 segs_out:16
ESTAB 0 0 10.9.0.1%eth0:30001 10.9.0.2:4000 cubic bytes_acked:7
ESTAB 0 0 10.9.0.1:30002 10.9.0.2:4001 cubic wscale:7,7
FIN-WAIT-1 0 1 10.9.0.1:30003 10.9.0.2:4002 cubic bytes_acked:9
LISTEN 0 32 10.9.0.1:21 0.0.0.0:* cubic cwnd:10

`
  assert.equal(sentBytesIn(text), [
    { localPort: 30_044, peer: '127.0.0.1', peerPort: 50_172, bytes: 917_490 },
    { localPort: 30_001, peer: '10.9.0.2', peerPort: 4_000, bytes: 7 },
  ])
  assert.equal(sentBytesIn(''), [])
})

test.run()
