import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { assertUsablePort } from './serial-port.ts'

const test = suite('serial port')

async function problemOf(path: string): Promise<string> {
  return assertUsablePort(path).then(
    () => '',
    err => (err as Error).message,
  )
}

test('takes a character device that this user may open', async () => {
  assert.is(await problemOf('/dev/null'), '')
})

test('says what to do when the port is absent, and when it is none', async () => {
  assert.match(await problemOf('/dev/ttyUSB99'), /ttyUSB99: there is no such serial port\. .* ls -l/)
  assert.match(await problemOf('/etc/passwd'), '/etc/passwd is not a serial port')
})

test.run()
