import * as assert from 'uvu/assert'
import * as z from 'zod'
import { ConfigurationError } from '../runtime/errors.ts'
import { linearPattern } from '../runtime/linear-pattern.ts'
import { suite } from '../testbed/suite.ts'
import { alertRulesOf } from './alert-rules.ts'
import { ALERT_SETS } from './alert-sets/alert-sets.ts'
import { deviceSettings } from './device-settings.ts'
import { nameSchema } from './names.ts'
import { parseToml } from './toml-file.ts'

const test = suite('alert rules')
const schema = z.strictObject({ consoles: deviceSettings.consoles })
const CONSOLE = '[[consoles]]\nname = "core-sw1"\nusb = "1.2"\n'

/** What is said about the settings of a console, each with its line. */
function problems(text: string): string[] {
  try {
    parseToml('oobm.toml', CONSOLE + text, schema)
    return []
  } catch (err) {
    if (!(err instanceof ConfigurationError)) throw err
    return err.issues.map(({ line, key, message }) => `${line} ${key}: ${message}`)
  }
}

const rule = (settings: string) => problems(`[[consoles.alert_rules]]\n${settings}\n`)

test('rules of one’s own and changes of ready-made ones are taken', () => {
  const text = [
    'alerts = ["ios"]',
    'alert_rules = [',
    '  { name = "bgp-down", pattern = \'%BGP-5-ADJCHANGE: .* Down\', alert_text = true },',
    '  { name = "ios-login", enabled = false },',
    '  { name = "ios-fan", alert_text = true },',
    ']',
  ].join('\n')
  assert.equal(problems(text), [])
  const { consoles } = parseToml('oobm.toml', CONSOLE + text, schema)
  const rules = alertRulesOf({ alerts: [], alertRules: [], ...consoles[0] })
  assert.equal(rules.at(-1), { name: 'bgp-down', pattern: '%BGP-5-ADJCHANGE: .* Down', alertText: true })
  assert.is(rules.length, ALERT_SETS.ios.length)
  assert.equal(
    rules.filter(({ alertText }) => alertText).map(({ name }) => name),
    ['ios-fan', 'bgp-down'],
  )
})

test('a bad pattern is refused with its place and what is wrong', () => {
  const bad: [pattern: string, message: RegExp][] = [
    ["'(a'", /is not a regular expression in RE2 syntax: missing closing \)/],
    ["'a**'", /in RE2 syntax: invalid nested repetition/],
    ["'(?=x)'", /in RE2 syntax: invalid or unsupported Perl syntax/],
    ["'(a)\\1'", /in RE2 syntax: invalid escape sequence/],
    ["'[z-a]'", /in RE2 syntax: invalid character class range/],
    ["'((a{100}){100}){100}'", /in RE2 syntax: invalid repeat count/],
    ["'.{1000}'", /is too large: \d+ steps for a character, 128 at most/],
    ["'(x{20}){20}'", /is too large/],
    ["'.*'", /matches an empty line, and so every line/],
    ["'(fail)?'", /matches an empty line/],
    ["''", /is empty/],
    [`'${'a'.repeat(201)}'`, /must have at most 200 characters/],
    ['"bell \\u0007"', /has U\+0007 \(control character\), as character 6: write it as an escape/],
    ['"\\u202eabc"', /has U\+202E \(invisible\), as character 1/],
    ['7', /must be text in quotes, not a number/],
  ]
  for (const [pattern, message] of bad) {
    const [first = '', ...more] = rule(`name = "x"\npattern = ${pattern}`)
    assert.match(first, message, pattern)
    assert.match(first, /^6 consoles\[1\]\.alert_rules\[1\]\.pattern: /, pattern)
    assert.equal(more, [], pattern)
  }
})

test('names and sets that are not to be had are refused', () => {
  assert.match(rule('name = "Bad Name"\npattern = "x"')[0] ?? '', /alert_rules\[1\]\.name: must be 1 to 32 of a-z/)
  assert.match(rule('name = "a\\nb"\npattern = "x"')[0] ?? '', /\.name: must be 1 to 32 of a-z/)
  assert.match(rule('name = "x"')[0] ?? '', /"x" has no pattern, and no set of this console has a rule of that name/)
  assert.match(rule('name = "ios-fan"')[0] ?? '', /changes a rule of the set "ios", which this console does not have/)
  assert.match(
    rule('name = "ios-fan"\npattern = "x"')[0] ?? '',
    /\.name: "ios-fan" is a rule of the set "ios": choose another/,
  )
  const twice = 'alert_rules = [{ name = "a", pattern = "x" }, { name = "a", pattern = "y" }]'
  assert.match(problems(twice)[0] ?? '', /alert_rules\[2\]\.name: "a" is listed twice/)
  assert.match(problems('alerts = ["cisco"]')[0] ?? '', /alerts\[1\]: must be "ios", "junos", "linux"/)
  assert.match(rule('name = "x"\npattern = "x"\nalerttext = true')[0] ?? '', /alerttext: is not a setting here/)
  const many = `alert_rules = [${Array.from({ length: 33 }, (_, n) => `{ name = "r${n}", pattern = "x" }`).join(', ')}]`
  assert.match(problems(many)[0] ?? '', /must have at most 32 entries/)
})

for (const [set, rules] of Object.entries(ALERT_SETS)) {
  test(`${set}: each rule has its own name and is the first of its set for its examples`, () => {
    const compiled = rules.map(({ pattern }) => linearPattern(pattern))
    for (const [at, { name, pattern, examples }] of rules.entries()) {
      const own = compiled[at]
      assert.ok(own && !('problem' in own) && own.size <= 400 && !own.matches(''), `${name}: ${pattern}`)
      assert.ok(name.startsWith(`${set}-`) && nameSchema.safeParse(name).success, name)
      assert.ok(examples.length > 0, name)
      for (const example of examples) {
        const first = compiled.findIndex(one => !('problem' in one) && one.matches(example))
        assert.is(rules[first]?.name, name, example)
      }
    }
    assert.is(new Set(rules.map(({ name }) => name)).size, rules.length)
  })

  test(`${set}: what equipment says every day is no alert`, () => {
    const everyDay = [
      '*Mar  1 00:12:12.345: %LINK-3-UPDOWN: Interface GigabitEthernet1/0/3, changed state to up',
      '*Mar  1 00:12:12.345: %LINEPROTO-5-UPDOWN: Line protocol on Interface GigabitEthernet0/3, changed state to up',
      '*Mar  1 00:12:12.345: %SYS-5-CONFIG_I: Configured from console by alice on vty0 (192.0.2.7)',
      '%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: alice] [Source: 192.0.2.7] [localport: 22]',
      '%SSH-4-LOGIN_ATTEMPT: x',
      'core-sw1#show logging | include TRACE',
      'core-sw1#reload',
      'Username: alice',
      "Nov 26 04:20:07  mx1 mgd[4711]: UI_COMMIT: User 'alice' requested 'commit' operation (comment: none)",
      'Nov 26 04:20:07  mx1 chassisd[1310]: CHASSISD_BLOWERS_SPEED: Fans and impellers are now running at normal speed',
      'Nov 26 04:20:07  mx1 rpd[1400]: bgp_recv: peer 192.0.2.7 (External AS 64500): received unexpected EOF',
      'alice@mx1> show interfaces terse',
      '[    1.234567] EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode. Quota mode: none.',
      '[    1.234567] usb 1-1.2: new high-speed USB device number 4 using xhci_hcd',
      'web1 login: ',
      'Last login: Thu Nov 26 04:20:07 UTC 2026 on ttyS0',
      'alice@web1:~$ dmesg | grep -i error',
      'switch> ',
      '!',
    ]
    for (const line of everyDay) {
      const found = rules.filter(({ pattern }) => {
        const compiled = linearPattern(pattern)
        return !('problem' in compiled) && compiled.matches(line)
      })
      assert.equal(
        found.map(({ name }) => name),
        [],
        line,
      )
    }
  })
}

test.run()
