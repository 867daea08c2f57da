import { parseTOML } from 'toml-eslint-parser'
import * as assert from 'uvu/assert'
import { randomCases, suite } from '../../../testbed/suite.ts'
import { randomFrom } from '../../testing/random.ts'
import * as changes from './changes.ts'
import { editText, readValue } from './edit-text.ts'
import type { Operation } from './operations.ts'
import { randomEdit, randomFleet } from './testing/random-edit.ts'
import { type FleetModel, randomLayout } from './testing/random-layout.ts'

const test = suite('editing a fleet file')
const FLEETS = randomCases(1000, 60)
const EDITS_PER_FLEET = 6

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
  'changes exactly what is meant, whatever the file looks like, and loses no comment',
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
        const { what, operations, apply } = randomEdit(random, readValue(text), model, edits)
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
        if (what === 'rename') assert.ok(isSubsequence(edited.text.replaceAll(`"n${edits}"`, ''), text), story)
        if (text.includes('\r\n')) assert.not.match(edited.text, /[^\r]\n/, story)
        text = edited.text
        edits++
        lost += gone.length
      }
    }
    assert.is(edits, FLEETS * EDITS_PER_FLEET)
    assert.ok(lost > edits / 60, 'comments behind removed lines were among what was tried')
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

test('puts new entries after those of their kind, above the comment of what follows', () => {
  const console = changes.addConsole(readValue(FLEET), 'tokyo', { name: 'sw2', path: '/dev/ttyUSB1', baudRate: 115200 })
  const edited = editText(FLEET, console ?? [])
  const added = '[[devices.consoles]]\nname = "sw2"\npath = "/dev/ttyUSB1"\nbaud_rate = 115200\n'
  assert.is(edited?.text, FLEET.replace('# the end of Tokyo\n', `# the end of Tokyo\n\n${added}`))
  const device = editText(FLEET, changes.addDevice({ name: 'kobe', port: 20104 }))
  assert.is(device?.text, FLEET.replace('port = 20102\n', 'port = 20102\n\n[[devices]]\nname = "kobe"\nport = 20104\n'))
})

test('removes the lines of an entry and what refers to it, and says which comments were removed with them', () => {
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

test('changes nothing if it cannot find the place', () => {
  const nowhere: Operation[] = [{ kind: 'replace', at: ['devices', 7, 'name'], value: 'x' }]
  assert.is(editText(FLEET, nowhere), undefined)
  assert.is(editText(FLEET, [{ kind: 'remove', list: ['devices'], index: 7 }]), undefined)
  assert.is(editText('not toml', []), undefined)
})

test.run()
