import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { secretsIn } from './sealed-settings.ts'
import { connectivitySchema } from './settings-document.ts'
import { siteSchema } from './site-config.ts'
import { parseToml } from './toml-file.ts'

const test = suite('[[cellular]]')

test('an entry needs an APN alone', () => {
  const { cellular } = parseToml('oobm.toml', '[[cellular]]\napn = "internet.example_1.com"\n', siteSchema)
  assert.equal(cellular, [{ interface: 'any', apn: 'internet.example_1.com', roaming: false }])
})

test('each wrong value is refused with what to write, and a secret is not repeated', () => {
  const cases: [toml: string, message: RegExp][] = [
    ['', /cellular\[1\]\.apn: is missing/],
    ['apn = "my apn"', /apn: must be the access point name of the mobile network, such as "internet"/],
    ['apn = ""', /apn: must be the access point name/],
    ['apn = 5', /apn: must be the name in quotes/],
    [`apn = "${'a'.repeat(100)}"`, /apn: must have at most 99 characters/],
    ['apn = "x"\npin = 1234', /pin: must be in quotes, such as "0000"/],
    ['apn = "x"\npin = "12345678901"', /pin: must be 4 to 8 digits in quotes$/],
    ['apn = "x"\npin = "secret-1"', /pin: must be 4 to 8 digits in quotes$/],
    ['apn = "x"\npassword = "s"', /password: is there without user/],
    ['apn = "x"\nuser = "café"', /user: must be plain characters/],
    ['apn = "x"\nroaming = "yes"', /roaming: must be true or false/],
    ['apn = "x"\nip = "ipv4"', /ip: must be "v4", "v6" or "v4v6"/],
    ['apn = "x"\ninterface = "/dev/cdc-wdm0"', /interface: must be the name of a network interface/],
    ['apn = "x"\napm = "y"', /apm/],
    ['apn = "x"\n[[cellular]]\napn = "y"', /cellular\[2\]\.interface: is listed twice: one entry for each modem/],
  ]
  for (const [toml, message] of cases) {
    try {
      parseToml('oobm.toml', `[[cellular]]\n${toml}\n`, siteSchema)
      assert.unreachable(toml)
    } catch (err) {
      assert.match(String((err as Error).message), message)
      assert.not.match(String((err as Error).message), /secret-1|12345678901/)
    }
  }
})

test('PIN and password are secrets of a settings document', () => {
  const value = { cellular: [{ apn: 'x', user: 'u', password: 'p', pin: '1234' }] }
  const found = [...secretsIn(value, connectivitySchema)].map(({ path }) => path.join('.'))
  assert.equal(found, ['cellular.0.password', 'cellular.0.pin'])
})

test.run()
