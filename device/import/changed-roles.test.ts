import * as assert from 'uvu/assert'
import { siteSchema } from '../../formats/site-config.ts'
import { suite } from '../../testbed/suite.ts'
import { changedRoles } from './changed-roles.ts'

const test = suite('changed roles')

const ROUTER = { name: 'eth0', role: 'router', address: '192.168.77.1/24' }
const CLIENT = { name: 'eth0', role: 'client', fallback: '192.168.77.1/24' }
const OLD = { name: 'eth0' }
const ROWS: [name: string, before: object[] | undefined, after: object[], says: RegExp | undefined][] = [
  [
    'a role that is new',
    [CLIENT],
    [ROUTER],
    /^eth0 has the role router from the next start .*, and client until then: sudo reboot$/,
  ],
  ['a role that goes', [ROUTER], [CLIENT], /^eth0 has the role client .*, and router until then/],
  ['an entry that goes', [ROUTER], [], /^eth0 has the role client /],
  ['the first file', undefined, [ROUTER], /^eth0 has the role router /],
  ['an entry without a role is a client', [OLD], [CLIENT], undefined],
  ['the same role with another address', [ROUTER], [{ ...ROUTER, address: '192.168.78.1/24' }], undefined],
  ['no ports', undefined, [], undefined],
]
for (const [name, before, interfaces, says] of ROWS)
  test(name, () => {
    const found = changedRoles(before && { interfaces: before }, siteSchema.parse({ interfaces }))
    if (says === undefined) assert.equal(found, [])
    else {
      assert.is(found.length, 1)
      assert.match(found[0] ?? '', says)
    }
  })

test.run()
