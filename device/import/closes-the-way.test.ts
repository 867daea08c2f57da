import * as assert from 'uvu/assert'
import { type DeviceConfig, deviceConfigSchema } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import { closesTheWay } from './closes-the-way.ts'

const test = suite('closes the way')

const config = (sshOnUplink: boolean) =>
  ({ shell: { ...deviceConfigSchema.shape.shell.parse({}), sshOnUplink } }) as DeviceConfig

test('sshd is closed on the uplink side where another way in is there, or was closed before', () => {
  const none = { tunnel: false, local: false }
  assert.match(closesTheWay({}, config(false), none) ?? '', /nobody could log in/)
  assert.match(closesTheWay(undefined, config(false), none) ?? '', /the tunnel is not proved/)
  assert.is(closesTheWay({}, config(true), none), undefined)
  assert.is(closesTheWay({}, config(false), { ...none, tunnel: true }), undefined)
  assert.is(closesTheWay({}, config(false), { ...none, local: true }), undefined)
  assert.is(closesTheWay({ shell: { sshOnUplink: false } }, config(false), none), undefined)
})

test.run()
