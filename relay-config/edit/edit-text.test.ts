import { parseTOML } from 'toml-eslint-parser'
import * as assert from 'uvu/assert'
import { suite } from '../../tools/suite.ts'
import { type Random, randomFrom } from '../testing/random.ts'
import * as changes from './changes.ts'
import { editText, readValue } from './edit-text.ts'
import type { Operation } from './operations.ts'
import { type FleetModel, randomLayout } from './testing/random-layout.ts'

const test = suite('editing a fleet file')
const FLEETS = 1000
const EDITS_PER_FLEET = 6

/** What a change is to do, said a second time, on a model of the fleet and without the code that is tried. */
interface Edit {
  what: 'add' | 'remove' | 'rename'
  operations: Operation[] | undefined
  apply(model: FleetModel): void
}

function randomFleet(random: Random): FleetModel {
  const devices = Array.from({ length: random.below(4) }, (_, at) => ({
    name: `d${at}`,
    port: 20100 + 2 * at,
    consoles: Array.from({ length: random.below(4) }, (_, index) => ({
      name: `c${at}-${index}`,
      path: `/dev/ttyUSB${index}`,
    })),
    ...(random.chance(0.3) && { led: { pin: random.below(50) } }),
  }))
  const consoles = devices.flatMap(device => device.consoles.map(({ name }) => name))
  const some = (names: string[]) => names.filter(() => random.chance(0.5))
  const technicians = Array.from({ length: random.below(4) }, (_, at) => ({
    name: `t${at}`,
    keys: Array.from({ length: 1 + random.below(2) }, (_, index) => `ssh-ed25519 K${at}${index} t${at}@home`),
    consoles: random.chance(0.3) ? ('all' as const) : some(consoles),
    shells: some(devices.map(({ name }) => name)),
    ...(random.chance(0.4) && { login: some(consoles) }),
  }))
  return { devices, technicians }
}

let serial = 0

function randomEdit(random: Random, fleet: unknown, model: FleetModel): Edit {
  const fresh = `n${++serial}`
  const device = random.pick(model.devices)
  const console = random.pick(model.devices.flatMap(it => it.consoles))
  const technician = random.pick(model.technicians)
  const kind = random.pick(['device', 'technician', 'console'] as const)
  const entry = { device, technician, console }[kind]
  const what = random.pick(['add', 'remove', 'rename'] as const)
  const inLists =
    (change: (names: string[]) => string[], lists: ('consoles' | 'login' | 'shells')[]) => (it: FleetModel) => {
      for (const technician of it.technicians) {
        for (const list of lists) {
          const names = technician[list]
          if (Array.isArray(names)) technician[list] = change(names)
        }
      }
    }
  if (what === 'add' || entry === undefined) {
    if (kind === 'technician') {
      const item = { name: fresh, keys: [`ssh-ed25519 ${fresh}`], consoles: ['x'], shells: [] }
      return {
        what: 'add',
        operations: changes.addTechnician(item),
        apply: it => it.technicians.push(structuredClone(item)),
      }
    }
    if (kind === 'console' && device) {
      const item = { name: fresh, path: '/dev/ttyS0' }
      const apply = (it: FleetModel) => it.devices.find(({ name }) => name === device.name)?.consoles.push({ ...item })
      return { what: 'add', operations: changes.addConsole(fleet, device.name, item), apply }
    }
    const consoles = random.chance(0.5) ? [{ name: `${fresh}-c`, path: '/dev/ttyS1' }] : []
    const item = { name: fresh, port: 30000 + 2 * serial, consoles }
    const apply = (it: FleetModel) => it.devices.push(structuredClone(item))
    return {
      what: 'add',
      operations: changes.addDevice(consoles.length > 0 ? item : { name: fresh, port: item.port }),
      apply,
    }
  }
  const { name } = entry
  if (what === 'remove') {
    const apply = (it: FleetModel) => {
      const gone = kind === 'console' ? [name] : kind === 'device' ? (device?.consoles.map(c => c.name) ?? []) : []
      inLists(names => names.filter(n => !gone.includes(n)), ['consoles', 'login'])(it)
      if (kind === 'device') inLists(names => names.filter(n => n !== name), ['shells'])(it)
      it.technicians = it.technicians.filter(t => kind !== 'technician' || t.name !== name)
      it.devices = it.devices.filter(d => kind !== 'device' || d.name !== name)
      for (const d of it.devices) d.consoles = d.consoles.filter(c => kind !== 'console' || c.name !== name)
    }
    return { what, operations: changes.remove(fleet, kind, name), apply }
  }
  const apply = (it: FleetModel) => {
    const lists = { device: ['shells'], console: ['consoles', 'login'], technician: [] } as const
    inLists(names => names.map(n => (n === name ? fresh : n)), [...lists[kind]])(it)
    const entries = { device: it.devices, technician: it.technicians, console: it.devices.flatMap(d => d.consoles) }[
      kind
    ]
    for (const one of entries) if (one.name === name) one.name = fresh
  }
  return { what, operations: changes.rename(fleet, kind, name, fresh), apply }
}

/** Of a value or a model: lists of tables that are empty count as absent, because TOML cannot tell. */
function plain({ devices = [], technicians = [] }: Partial<FleetModel>): FleetModel {
  return structuredClone({
    devices: devices.map(device => ({ ...device, consoles: device.consoles ?? [] })),
    technicians,
  })
}

function commentsOf(text: string): string[] {
  return parseTOML(text.replace(/^\uFEFF/, '')).comments.map(({ value }) => value)
}

/** True when `part` is `whole` with some characters left out. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0
  for (const character of whole) if (character === part[at]) at++
  return at === part.length
}

test(
  'changes exactly what is meant, whatever the file looks like, and no comment is lost',
  () => {
    let edits = 0
    let lost = 0
    for (let seed = 1; seed <= FLEETS; seed++) {
      const random = randomFrom(seed)
      const model = randomFleet(random)
      let text = randomLayout(random, model)
      const say = (what: string, after = '') => `seed ${seed}: ${what}\n--- before\n${text}\n--- after\n${after}`
      assert.equal(plain(readValue(text) as FleetModel), plain(model), say('the layout is not the fleet'))
      for (let at = 0; at < EDITS_PER_FLEET; at++) {
        const { what, operations, apply } = randomEdit(random, readValue(text), model)
        assert.ok(operations)
        const edited = editText(text, operations)
        assert.ok(edited, say(`cannot ${JSON.stringify(operations)}`))
        apply(model)
        const story = say(JSON.stringify(operations), edited.text)
        assert.equal(plain(readValue(edited.text) as FleetModel), plain(model), story)

        const before = commentsOf(text)
        const gone = edited.lostComments.map(comment => comment.slice(1))
        // Each comment has a number of its own: what is left must be all others, in their order.
        assert.equal(
          commentsOf(edited.text),
          before.filter(comment => !gone.includes(comment)),
          story,
        )
        const ownLines = text.split('\n').flatMap(line => /^[ \t]*#(.*?)\r?$/.exec(line)?.[1] ?? [])
        for (const comment of gone) assert.not(ownLines.includes(comment), story)
        if (what !== 'remove') assert.equal(gone, [], story)

        if (what === 'add') assert.ok(isSubsequence(text, edited.text), story)
        if (what === 'remove') assert.ok(isSubsequence(edited.text, text), story)
        if (what === 'rename') assert.ok(isSubsequence(edited.text.replaceAll(`"n${serial}"`, ''), text), story)
        if (text.includes('\r\n')) assert.not.match(edited.text, /[^\r]\n/, story)
        text = edited.text
        edits++
        lost += gone.length
      }
    }
    assert.is(edits, FLEETS * EDITS_PER_FLEET)
    assert.ok(lost > 100, 'comments behind removed lines were among what was tried')
  },
  { timeoutMs: 240_000 },
)

const FLEET = `version = 1   # the format

# --- Tokyo ---
[[devices]]
name = "tokyo"  # ask Bob first
port = 20100
# behind the door
[[devices.consoles]]
name = "sw1"
path = "/dev/ttyUSB0"
# the end of Tokyo

# --- Osaka ---
[[devices]]
name = "osaka"
port = 20102

# --- people ---
[[technicians]]
name = "alice"
consoles = ["sw1"]  # hers
shells = [
  "osaka", # since May
  "tokyo", # always
]
`

function linesChanged(operations: Operation[] | undefined): string[] {
  const edited = editText(FLEET, operations ?? [])
  assert.ok(edited)
  const [before, after] = [FLEET.split('\n'), edited.text.split('\n')]
  const left = [...before]
  const added = after.filter(line => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...left.map(line => `- ${line}`), ...added.map(line => `+ ${line}`)]
}

test('puts new entries after their like, above the comment that heads what follows', () => {
  const console = changes.addConsole(readValue(FLEET), 'tokyo', { name: 'sw2', path: '/dev/ttyUSB1', baudRate: 115200 })
  const edited = editText(FLEET, console ?? [])
  const added = '[[devices.consoles]]\nname = "sw2"\npath = "/dev/ttyUSB1"\nbaud_rate = 115200\n'
  assert.is(edited?.text, FLEET.replace('# the end of Tokyo\n', `# the end of Tokyo\n\n${added}`))
  const device = editText(FLEET, changes.addDevice({ name: 'kobe', port: 20104 }))
  assert.is(device?.text, FLEET.replace('port = 20102\n', 'port = 20102\n\n[[devices]]\nname = "kobe"\nport = 20104\n'))
})

test('takes out the lines of an entry and what refers to it, and says which comments went along', () => {
  const edited = editText(FLEET, changes.remove(readValue(FLEET), 'device', 'tokyo') ?? [])
  assert.is(
    edited?.text,
    `version = 1   # the format

# --- Tokyo ---
# behind the door
# the end of Tokyo

# --- Osaka ---
[[devices]]
name = "osaka"
port = 20102

# --- people ---
[[technicians]]
name = "alice"
consoles = []  # hers
shells = [
  "osaka", # since May
]
`,
  )
  assert.equal(edited?.lostComments, ['# ask Bob first', '# always'])
})

test('renames an entry and what refers to it', () => {
  assert.equal(linesChanged(changes.rename(readValue(FLEET), 'device', 'tokyo', 'edo')), [
    ...['- name = "tokyo"  # ask Bob first', '-   "tokyo", # always'],
    ...['+ name = "edo"  # ask Bob first', '+   "edo", # always'],
  ])
  assert.is(changes.rename(readValue(FLEET), 'console', 'tokyo', 'edo'), undefined)
})

test('does nothing where it cannot find what is to change', () => {
  const nowhere: Operation[] = [{ kind: 'replace', at: ['devices', 7, 'name'], value: 'x' }]
  assert.is(editText(FLEET, nowhere), undefined)
  assert.is(editText(FLEET, [{ kind: 'remove', list: ['devices'], index: 7 }]), undefined)
  assert.is(editText('not toml', []), undefined)
})

test.run()
