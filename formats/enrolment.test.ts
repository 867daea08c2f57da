import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import {
  type EnrolmentRequest,
  enrolmentFingerprint,
  formatRequest,
  REQUEST_MAX_BYTES,
  readRequest,
} from './enrolment.ts'
import { newKeyPair } from './private-key.ts'

const test = suite('enrolment')
const SECRET = '00112233445566778899aabbccddeeff'
const keyOf = () => newKeyPair('').publicKey.split(' ').slice(0, 2).join(' ')
const REQUEST: EnrolmentRequest = {
  ...{ relayKey: keyOf(), bridgeHostKey: keyOf(), shellHostKey: keyOf(), site: 'tokyo', board: 'a1', software: '1' },
  adapters: [{ usb: '1.2', product: 'Büro\x1b', serial: '' }],
}

test('a request is two lines of ASCII, and is read again with the same secret only', () => {
  const text = formatRequest(REQUEST, SECRET)
  assert.match(text, /^[0-9a-f]{64}\n\{"relayKey":"ssh-ed25519 [ -~]+\}\n$/)
  assert.equal(readRequest(text, SECRET), { request: REQUEST })
  assert.equal(readRequest(text, SECRET.replace('0', '1')), { refused: 'mac' })
})

test('every changed byte is found', () => {
  const text = formatRequest(REQUEST, SECRET)
  for (let at = 0; at < text.length - 1; at++) {
    const other = text[at] === '0' ? '1' : '0'
    assert.ok('refused' in readRequest(text.slice(0, at) + other + text.slice(at + 1), SECRET), `byte ${at}`)
    assert.ok('refused' in readRequest(text.slice(0, at), SECRET), `cut at ${at}`)
  }
  assert.equal(readRequest(`${text}${' '.repeat(REQUEST_MAX_BYTES)}`, SECRET), { refused: 'damaged' })
})

test('the fingerprint is of the site, the serial number and each key', () => {
  const own = enrolmentFingerprint(REQUEST)
  assert.match(own, /^SHA256:[A-Za-z0-9+/]{43}$/)
  for (const key of ['site', 'board', 'relayKey', 'bridgeHostKey', 'shellHostKey'] as const)
    assert.is.not(enrolmentFingerprint({ ...REQUEST, [key]: `${REQUEST[key]}x` }), own, key)
})

test.run()
