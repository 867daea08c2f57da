import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { directTargets } from './direct-targets.ts'
import { teraTermMacro } from './teraterm-macro.ts'
import { FLEET } from './testing/two-relays.ts'

const test = suite('Tera Term’s macro')
const KEYS = { shell: 'ssh-ed25519 AAAA', bridge: 'ssh-ed25519 BBBB' }
const [tokyo, ...others] = FLEET.devices
const [first, ...more] = FLEET.relays
const [alice] = FLEET.technicians
assert.ok(tokyo && first && alice)
/** Relays of our own; tokyo has ports of its own. */
const OWN = {
  ...FLEET,
  relays: [{ ...first, accounts: 'dedicated' as const, port: 443 }, ...more],
  devices: [{ ...tokyo, relays: undefined, gateway: true }, ...others.map(({ relays: _, ...device }) => device)],
}
const macroOf = (fleet: typeof FLEET, changes: object, keyFile?: string) => {
  const technician = { ...alice, ...changes }
  return teraTermMacro(
    fleet,
    technician,
    directTargets(fleet, technician, () => KEYS),
    keyFile,
  )
}

/** As ttpmacro.exe would read it, for the commands that are in it. @returns what was shown and connected to */
function run(macro: string, choice: number) {
  const texts = new Map<string, string>()
  const arrays = new Map<string, string[]>()
  const numbers = new Map([['result', 0]])
  let shown: string[] = []
  let skipping = false
  const value = (text: string): string => {
    if (/^('[^']*'|"[^"]*"|#\d+)+$/.test(text))
      return (text.match(/'[^']*'|"[^"]*"|#\d+/g) ?? [])
        .map(part => (part.startsWith('#') ? String.fromCharCode(Number(part.slice(1))) : part.slice(1, -1)))
        .join('')
    const [, name = '', index] = /^([a-z]+)(?:\[(\w+)\])?$/.exec(text) ?? []
    const at = index === undefined ? undefined : (numbers.get(index) ?? Number(index))
    const found = at === undefined ? texts.get(name) : arrays.get(name)?.[at]
    if (found === undefined) throw new Error(`${text} is nothing`)
    // The longest string of TTL (macro/syntax/types.html).
    assert.ok(found.length <= 255, text)
    return found
  }
  for (const line of macro.split('\r\n').map(text => text.trim())) {
    if (line === '' || line.startsWith(';')) continue
    const [, condition] = /^if (.+) then$/.exec(line) ?? []
    if (condition !== undefined) {
      const [, sign, number] = /^result ([<>]) (\d+)$/.exec(condition) ?? []
      const result = numbers.get('result') ?? 0
      skipping = !(sign === '<' ? result < Number(number) : result > Number(number))
    } else if (line === 'else') skipping = !skipping
    else if (line === 'endif') skipping = false
    else if (skipping) continue
    else if (line === 'end') return { shown, connected: undefined }
    else {
      const [, dim, size] = /^strdim (\w+) (\d+)$/.exec(line) ?? []
      const [, array = '', index, element] = /^(\w+)\[(\d+)\] = (.+)$/.exec(line) ?? []
      const [, variable = '', assigned] = /^(\w+) = (.+)$/.exec(line) ?? []
      const [, to = '', what] = /^strconcat (\w+) (.+)$/.exec(line) ?? []
      const [, length] = /^strlen (\w+)$/.exec(line) ?? []
      const [, box] = /^listbox '[^']*' '[^']*' (\w+)$/.exec(line) ?? []
      const [, message] = /^messagebox ('[^']*') '[^']*'$/.exec(line) ?? []
      const [, connect] = /^connect (\w+)$/.exec(line) ?? []
      if (dim !== undefined)
        arrays.set(
          dim,
          Array.from({ length: Number(size) }, () => ''),
        )
      else if (element !== undefined) {
        const own = arrays.get(array) ?? []
        assert.ok(Number(index) < own.length, `${line}: within its array`)
        own[Number(index)] = value(element)
      } else if (assigned === 'result') numbers.set(variable, numbers.get('result') ?? 0)
      else if (assigned !== undefined) texts.set(variable, value(assigned))
      else if (what !== undefined) texts.set(to, (texts.get(to) ?? '') + value(what))
      else if (length !== undefined) numbers.set('result', value(length).length)
      else if (box !== undefined) {
        shown = arrays.get(box) ?? []
        numbers.set('result', choice)
      } else if (message !== undefined) shown = [value(message)]
      else if (connect !== undefined) return { shown, connected: value(connect) }
      else throw new Error(`no line of TTL: ${line}`)
    }
  }
  throw new Error('it has no end')
}

test('offers the menu at the relay, and each console and shell with a port of its own', () => {
  const macro = macroOf(OWN, { login: 'all' })
  assert.match(macro, /^[ -~\r\n]*$/)
  assert.is(macro.split('\r\n').length, macro.split('\n').length)
  assert.equal(run(macro, -1), {
    shown: [
      'menu of 3 consoles, by relay fra',
      'shell of tokyo, by relay fra',
      'sw1, by relay fra',
      'rt1, by relay fra',
    ],
    connected: undefined,
  })
  const rows: [choice: number, connected: string][] = [
    [0, 'fra.example.net:443 /ssh /2 /ask4passwd /user=alice /auth=password'],
    [1, 'fra.example.net:20100 /ssh /2 /ask4passwd /user=pi /auth=password'],
    [3, 'fra.example.net:20101 /ssh /2 /ask4passwd /user=rt1 /auth=password'],
  ]
  for (const [choice, connected] of rows) assert.is(run(macro, choice).connected, connected)
})

test('a key file is named, whatever is in its path, and an address of IPv6 is in brackets', () => {
  const keyFile = "C:\\Users\\D'Arcy Müller\\key.ppk"
  const fleet = { ...OWN, relays: [{ ...OWN.relays[0], host: '2001:db8::1' }] } as typeof FLEET
  const { connected = '' } = run(macroOf(fleet, { login: ['sw1'] }, keyFile), 0)
  const name = Buffer.from(keyFile).toString('latin1')
  assert.is(connected, `[2001:db8::1]:443 /ssh /2 /ask4passwd /user=alice /auth=publickey /keyfile="${name}"`)
})

test('who has neither way is told so', () => {
  const { shown, connected } = run(macroOf(FLEET, { login: [] }), 0)
  assert.is(connected, undefined)
  assert.match(shown.join(), /no console that opens without a jump host: use PuTTY or OpenSSH/)
})

test.run()
