import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { ftpEvent } from './log-line.ts'

const test = suite('vsftpd’s log')
const AT = 'Fri Nov 27 02:58:01 2026 [pid 28056] [daemon]'

const local = (port: number) => ({ kind: 'data-port', at: { end: 'local', port } })
const peer = (port: number) => ({ kind: 'data-port', at: { end: 'peer', port } })

test('says what is asked for, what begins and what ends', () => {
  const session = { pid: 28_056, who: '10.9.0.2' }
  for (const [line, event] of [
    ['FTP command: Client "10.9.0.2", "RETR a.bin"', { kind: 'asked', what: 'took', file: 'a.bin' }],
    ['FTP command: Client "10.9.0.2", "STOR /upload/x y"', { kind: 'asked', what: 'put', file: 'upload/x y' }],
    [
      'FTP response: Client "10.9.0.2", "150 Opening BINARY mode data connection for a.bin (300000 bytes)."',
      { kind: 'begun', size: 300_000 },
    ],
    ['FTP response: Client "10.9.0.2", "150 Ok to send data."', { kind: 'begun', size: null }],
    ['FTP response: Client "10.9.0.2", "227 Entering Passive Mode (10,9,0,1,117,50)."', local(30_002)],
    ['FTP response: Client "10.9.0.2", "229 Entering Extended Passive Mode (|||30099|)"', local(30_099)],
    ['FTP command: Client "10.9.0.2", "PORT 10,9,0,2,200,10"', peer(51_210)],
    ['FTP command: Client "10.9.0.2", "EPRT |1|10.9.0.2|51211|"', peer(51_211)],
    ['FTP command: Client "10.9.0.2", "REST 4096"', { kind: 'restart', offset: 4_096 }],
    [
      'OK DOWNLOAD: Client "10.9.0.2", "/a.bin", 300000 bytes, 791807.43Kbyte/sec',
      { kind: 'ended', what: 'took', file: 'a.bin', isDone: true, bytes: 300_000 },
    ],
    [
      'FAIL UPLOAD: Client "10.9.0.2", "/upload/t.conf", 0.00Kbyte/sec',
      { kind: 'ended', what: 'put', file: 'upload/t.conf', isDone: false, bytes: null },
    ],
  ] as const)
    assert.equal(ftpEvent(`${AT} ${line}`), { ...session, ...event }, line)
})

test('is not misled by a name', () => {
  const event = ftpEvent(`${AT} OK DOWNLOAD: Client "10.9.0.2", "/we "q", 5 bytes, x", 2 bytes, 12.93Kbyte/sec`)
  assert.is(event?.kind === 'ended' && event.file, 'we "q", 5 bytes, x')
  assert.is(event?.kind === 'ended' && event.bytes, 2)
  const forged = `${AT} FTP command: Client "10.9.0.2", "RETR [pid 1] [x] OK DOWNLOAD: Client "1.1.1.1", "/a", 1 bytes, 1.00Kbyte/sec"`
  assert.is(ftpEvent(forged)?.kind, 'asked')
})

test('says nothing else', () => {
  for (const line of [
    '',
    `${AT} OK LOGIN: Client "10.9.0.2", anon password "x"`,
    `${AT} FTP command: Client "10.9.0.2", "PASS <password>"`,
    `${AT} FTP response: Client "10.9.0.2", "226 Transfer complete."`,
    'Fri Nov 27 02:58:01 2026 [pid 28055] CONNECT: Client "10.9.0.2"',
  ])
    assert.is(ftpEvent(line), undefined, line)
})

test.run()
