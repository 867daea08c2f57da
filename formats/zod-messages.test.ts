import * as assert from 'uvu/assert'
import * as z from 'zod'
import { suite } from '../testbed/suite.ts'
import './zod-messages.ts'
import { deviceConfigSchema } from './device-config.ts'
import { provisioningSchema } from './provisioning.ts'
import { siteSchema } from './site-config.ts'

const test = suite('messages of zod')

const CASES: [z.ZodType, unknown, string][] = [
  [z.number(), '9600', 'must be a number, not text'],
  [z.int(), 1.5, 'must be a whole number, not a number'],
  [z.string(), undefined, 'is missing (string)'],
  [z.string(), 5, 'must be text in quotes, not a number'],
  [z.boolean(), 'yes', 'must be true or false, not text'],
  [z.array(z.string()), {}, 'must be a list, not a table'],
  [z.strictObject({}), [], 'must be a table, not a list'],
  [z.enum(['a', 'b', 'c']), 'd', 'must be "a", "b" or "c"'],
  [z.literal(1), 2, 'must be 1'],
  [z.string().min(1), '', 'must have at least 1 character'],
  [z.string().max(3), 'abcd', 'must have at most 3 characters'],
  [z.array(z.int()).max(2), [1, 2, 3], 'must have at most 2 entries'],
  [z.int().min(5), 4, 'must be at least 5'],
  [z.string().regex(/x/), 'y', 'does not have the required form'],
  [z.union([z.literal('all'), z.array(z.string())]), 7, 'has none of the allowed forms'],
  [z.string('must be our own'), 7, 'must be our own'],
]

for (const [schema, value, words] of CASES) {
  test(`${JSON.stringify(value)}: ${words}`, () => {
    assert.is(schema.safeParse(value).error?.issues[0]?.message, words)
  })
}

test('nothing in a file that people write is answered in zod’s own English', () => {
  const values = [undefined, null, 7, -1, 'x', true, [], {}, [7], [{}], { a: 1 }, 1e9]
  for (const schema of [deviceConfigSchema, provisioningSchema, siteSchema]) {
    // Every key at every depth with every wrong value: what one says of another key is seen as well.
    for (const wrong of values) {
      for (const key of [
        'version',
        'device',
        'relays',
        'consoles',
        'technicians',
        'bridge',
        'led',
        'intervals',
        'wifi',
        'system',
        'secrets',
        'interfaces',
        'shell',
        'selftest',
      ]) {
        for (const value of [
          { [key]: wrong },
          {
            [key]: [
              {
                name: wrong,
                host: wrong,
                port: wrong,
                path: wrong,
                keys: wrong,
                consoles: wrong,
                ssid: wrong,
                baudRate: wrong,
                role: wrong,
                shell: wrong,
              },
            ],
          },
          {
            [key]: {
              pin: wrong,
              user: wrong,
              hostKey: wrong,
              country: wrong,
              relayKey: wrong,
              probeS: wrong,
              port: wrong,
            },
          },
        ]) {
          for (const { message } of schema.safeParse(value).error?.issues ?? []) {
            assert.not.match(message, /^(Invalid|Too |Unrecognized|Expected)|received|>=|<=/, JSON.stringify(value))
          }
        }
      }
    }
  }
})

test.run()
