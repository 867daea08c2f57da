import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { parseRequest, REQUEST_MAX_BYTES, requestText } from './recovery-request.ts'

const test = suite('recovery request')

test('reads back what it writes, with or without an end of line', () => {
  const requests = [
    { step: 'reassociate', interface: 'wlan0' },
    { step: 'reload-driver', interface: 'wlx00c0a9-0_1.2' },
    { step: 'reboot' },
    { step: 'hotspot-on', interface: 'wlan0' },
    { step: 'hotspot-off', interface: 'wlx00c0a9-0_1.2' },
  ] as const
  for (const request of requests) {
    assert.equal(parseRequest(requestText(request)), request)
    assert.equal(parseRequest(`${requestText(request)}\n`), request)
    assert.ok(requestText(request).length <= REQUEST_MAX_BYTES)
  }
})

test('takes nothing else for a request', () => {
  for (const text of [
    ...['', 'reboot now', 'reboot ', 'Reboot', ' reboot', 'reboot\n\n', 'reboot\0', 'halt', 'apply x'],
    ...['reassociate', 'reassociate ', 'reassociate wlan0 eth0', 'reassociate  wlan0', 'reassociate wlan0\nreboot'],
    ...['reassociate ../x', 'reassociate wlan0/..', 'reassociate -x', 'reassociate .', 'reload-driver wlan0;reboot'],
    ...['hotspot-on', 'hotspot wlan0', 'hotspot-on wlan0 x', 'hotspot-off ../x'],
    ...['reload-driver wlan%i', 'reassociate wlän0', 'reload-driver sixteen-letters-'],
  ])
    assert.is(parseRequest(text), undefined, JSON.stringify(text))
})

test.run()
