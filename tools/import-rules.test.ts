import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'

const test = suite('import rules')
const ROOT = join(import.meta.dirname, '..')
const RING = 'these imports close a ring: one of them must go the other way'

type Arrows = Map<string, Map<string, string>>

interface Import {
  file: string
  target: string
}

/** What each part may import of the others, and why not more. */
const PART_RULES: Record<string, { allowed: string[]; why: string }> = {
  runtime: { allowed: [], why: 'runtime is the ground that all programs stand on, and knows nothing of this product' },
  formats: {
    allowed: ['runtime'],
    why: 'formats say what programs hand to each other: they know none of the programs',
  },
  cli: { allowed: ['runtime'], why: 'the command kit serves both commands and knows neither' },
  transport: {
    allowed: ['runtime', 'formats'],
    why: 'a way to a relay is the same for a device and for a person: it knows neither',
  },
  supervisor: {
    allowed: ['runtime', 'formats', 'transport'],
    why: 'the daemons meet at the bridge’s SSH port, not in code',
  },
  modem: { allowed: ['runtime', 'formats'], why: 'it dials modems, and says so in a file: it knows no other program' },
  'console-bridge': { allowed: ['runtime', 'formats'], why: 'the daemons meet at the bridge’s SSH port, not in code' },
  power: {
    allowed: ['runtime', 'formats'],
    why: 'what switches outlets is asked over its socket, and knows neither who asks nor why',
  },
  device: {
    allowed: ['runtime', 'formats', 'cli', 'supervisor'],
    why: '`oobm` reads what the daemons write; of their code it has only how the LED is driven',
  },
  'file-drop': {
    allowed: ['runtime', 'formats'],
    why: 'what answers equipment has nothing of the programs that hold keys',
  },
  apply: {
    allowed: ['runtime', 'formats', 'cli', 'device'],
    why: '`oobm-apply` installs as `oobm import` does; nobody else’s code runs as root for a document',
  },
  router: {
    allowed: ['runtime', 'formats'],
    why: '`oobm-router` reads what the others write: it runs with rights over the network, and nobody else’s code with it',
  },
  'relay-config': {
    allowed: ['runtime', 'formats', 'cli', 'transport'],
    why: 'the operator’s program shares formats with the device, not code',
  },
  packaging: {
    allowed: ['runtime', 'formats', 'cli', 'relay-config', 'device', 'supervisor', 'modem'],
    why: 'a package is made of what it packs',
  },
  image: {
    allowed: ['runtime', 'formats', 'cli'],
    why: 'an image is made of packages: it knows no program from inside',
  },
  lab: {
    allowed: [
      'runtime',
      'formats',
      'cli',
      'transport',
      'supervisor',
      'console-bridge',
      'device',
      'relay-config',
      'router',
      'testbed',
    ],
    why: 'the lab puts everything together on one machine',
  },
  'system-tests': {
    allowed: [
      'runtime',
      'formats',
      'cli',
      'transport',
      'supervisor',
      'device',
      'relay-config',
      'image',
      'lab',
      'testbed',
    ],
    why: 'a system test has whole machines, and looks at them from outside',
  },
  testbed: { allowed: ['runtime'], why: 'every test stands on the testbed: it knows no part' },
  tools: { allowed: ['runtime', 'testbed'], why: 'tools serve every part and know none' },
}

const PARTS = Object.keys(PART_RULES)

/** The one home of each library that has effects. */
const HOMES: Record<string, { home: RegExp; why: string }> = {
  ssh2: {
    home: /^(supervisor\/ssh|console-bridge\/ssh|lab\/bench)\/|^formats\/private-key\.ts$/,
    why: 'ssh2 needs its traps handled in one place: the client in supervisor/ssh, the server in the bridge',
  },
  serialport: { home: /^console-bridge\/line\/serial-port\.ts$/, why: 'one file knows what serialport really does' },
  onoff: { home: /^supervisor\/led\/gpio\.ts$/, why: 'one file knows how onoff numbers the pins' },
  'systemd-notify': { home: /^runtime\/systemd\.ts$/, why: 'one file speaks to systemd' },
  'd-bus-message-protocol': { home: /^modem\/(bus|testing)\//, why: 'one folder speaks D-Bus' },
  'd-bus-type-system': { home: /^modem\/(bus|testing)\//, why: 'one folder speaks D-Bus' },
  'smol-toml': { home: /^formats\/toml-file\.ts$/, why: 'TOML is read in one place, so that errors have lines' },
  re2js: { home: /^runtime\/linear-pattern\.ts$/, why: 'one file loads it, when it is needed' },
  '@lydell/node-pty': {
    home: /^relay-config\/operator\/desk\/terminal\/pty\.ts$/,
    why: 'one file loads it, where a terminal is opened: its native part is not on every system',
  },
  ws: { home: /^relay-config\/operator\/desk\//, why: 'the desk alone speaks WebSocket' },
  'playwright-core': { home: /^(testbed\/browser|lab\/testing\/desk-in-lab)\.ts$/, why: 'one file starts a browser' },
  pino: { home: /^runtime\/log\.ts$/, why: 'one file decides what a log line looks like' },
}

/**
 * Where the supervisor may listen for an abort itself: on a signal that is aborted already, such a listener never fires, and
 * ten waits hung for that. Elsewhere it is `runtime/waiting.ts` that waits.
 */
const MAY_LISTEN_FOR_ABORT = /^(supervisor\/(ssh\/|network\/watch-network\.ts$)|device\/doctor\/ssh-answer\.ts$)/

/** Folders of the supervisor that know nothing of each other: data goes from the one to the other by way of the loop. */
const APART: [from: RegExp, to: RegExp, why: string][] = [
  [/^supervisor\/tunnel\//, /^supervisor\/(proof|loop|status)\//, 'a tunnel does not know how it is proved and shown'],
  [
    /^supervisor\/proof\//,
    /^supervisor\/(tunnel|loop|status)\//,
    'a proof does not know how its connection came about',
  ],
  [/^supervisor\/status\//, /^supervisor\/(proof|loop)\//, 'the status knows facts, and not who found them'],
  [/^supervisor\/(ssh|network)\//, /^supervisor\/(tunnel|proof|loop|status)\//, 'these are the ground of the tunnel'],
]

/** Pure logic: no effects of their own, so that tests need none. */
const PURE =
  /^(runtime\/(backoff|errors)|formats\/(names|states)|supervisor\/(status\/(derive-status|facts|local-facts)|led\/pattern|loop\/(retry-plan|relay-choice|loop-reports))|console-bridge\/(console\/(scrollback|pacer|pacing|echo)|session\/escape-parser)|relay-config\/fleet\/.*|lab\/sim-router\/(router|state|commands|describe|command-table|line-editor|boot-messages))\.ts$/
/** Of the modules with effects, what has none. */
const NO_EFFECT = /^import { isIP } from 'node:net'$/m
/** Tests, what several tests of one part stand on, measurements, and what draws the pictures of the docs. */
const FOR_TESTS = /\.i?test\.ts$|\/testing\/|^(lab\/bench|lab\/picture|system-tests|testbed)\//
const EFFECTS = /^node:(fs|net|timers|child_process|dgram|http|https|tls)(\/|$)/

test('each part imports only what it may', () => {
  const broken = importsOf(PARTS).flatMap(({ file, target }) => {
    if (!target.startsWith('.')) return []
    const from = file.split('/')[0] ?? ''
    const to = normalize(join(file, '..', target)).split('/')[0] ?? ''
    const rule = PART_RULES[from]
    const isForTests = FOR_TESTS.test(file) && to === 'testbed'
    if (to === from || isForTests || to === 'package.json' || !rule || rule.allowed.includes(to)) return []
    return [`${file} imports ${target}: ${rule.why}`]
  })
  assert.equal(broken, [])
})

test('every part has a rule', () => {
  const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as { include: string[] }
  assert.equal([...include].sort(), [...PARTS].sort())
})

test('no two files import each other, nor in a ring', () => {
  assert.equal(findRing(arrowsBetween(path => path)), [], RING)
})

test('no two folders import each other, nor in a ring', () => {
  assert.equal(findRing(arrowsBetween(roomsOf(filesOf(PARTS).map(({ file }) => file)))), [], RING)
})

test('each library with effects has one home', () => {
  const broken = importsOf(PARTS).flatMap(({ file, target }) => {
    const rule = HOMES[target]
    if (!rule || rule.home.test(file) || /\.i?test\.ts$/.test(file)) return []
    return [`${file} imports ${target}: ${rule.why}`]
  })
  assert.equal(broken, [])
})

test('folders of the supervisor that are apart do not import each other', () => {
  const broken = importsOf(['supervisor']).flatMap(({ file, target }) => {
    if (!target.startsWith('.') || FOR_TESTS.test(file)) return []
    const to = normalize(join(file, '..', target))
    return APART.filter(([from, other]) => from.test(file) && other.test(to)).map(
      ([, , why]) => `${file} imports ${target}: ${why}`,
    )
  })
  assert.equal(broken, [])
})

test('pure modules have no effects', () => {
  const broken = importsOf(PARTS, NO_EFFECT)
    .filter(({ file, target }) => PURE.test(file) && !FOR_TESTS.test(file) && EFFECTS.test(target))
    .map(({ file, target }) => `${file} imports ${target}: it is pure, its effects belong to who calls it`)
  assert.equal(broken, [])
})

test('programs do not import a test’s things', () => {
  const broken = importsOf(PARTS)
    .filter(({ file, target }) => {
      if (target === 'uvu') return file !== 'testbed/suite.ts'
      return FOR_TESTS.test(target) && !FOR_TESTS.test(file)
    })
    .map(({ file, target }) => `${file} imports ${target}`)
  assert.equal(broken, [])
})

test('the supervisor waits in one way', () => {
  const broken = filesOf(['transport', 'supervisor', 'device'])
    .filter(({ file, text }) => /addEventListener\(\s*'abort'/.test(text) && !MAY_LISTEN_FOR_ABORT.test(file))
    .filter(({ file }) => !FOR_TESTS.test(file))
    .map(({ file }) => `${file} listens for an abort: use within, settled or whenAborted of runtime/waiting.ts`)
  assert.equal(broken, [])
})

/** From room to room, an import as example; tests left out. */
function arrowsBetween(roomOf: (path: string) => string): Arrows {
  const next: Arrows = new Map()
  for (const { file, target } of importsOf(PARTS)) {
    if (!target.startsWith('.') || /\.i?test\.ts$/.test(file)) continue
    const to = normalize(join(file, '..', target))
    const [here, there] = [roomOf(file), roomOf(to)]
    if (here === there) continue
    next.set(here, next.get(here) ?? new Map())
    next.get(here)?.set(there, `${file} imports ${to}`)
  }
  return next
}

/** A room: a folder of files alone; where a folder has folders, each file beside them is a room of its own. */
function roomsOf(files: string[]): (path: string) => string {
  const outer = new Set(files.map(file => dirname(dirname(file))))
  return path => (outer.has(dirname(path)) ? path : dirname(path))
}

/** @returns the imports along the first ring of rooms that is found */
function findRing(next: Arrows): string[] {
  const done = new Set<string>()
  const visit = (room: string, way: string[]): string[] => {
    const at = way.indexOf(room)
    if (at >= 0) return [...way.slice(at), room].slice(1).map((to, i) => next.get(way[at + i] ?? '')?.get(to) ?? '')
    if (done.has(room)) return []
    done.add(room)
    for (const to of next.get(room)?.keys() ?? []) {
      const ring = visit(to, [...way, room])
      if (ring.length > 0) return ring
    }
    return []
  }
  for (const room of next.keys()) {
    const ring = visit(room, [])
    if (ring.length > 0) return ring
  }
  return []
}

function importsOf(parts: string[], leftOut = /$^/): Import[] {
  return filesOf(parts).flatMap(({ file, text }) =>
    [...text.replace(leftOut, '').matchAll(/(?:from|import) '([^']+)'|import\('([^']+)'\)/g)].map(match => ({
      file,
      target: match[1] ?? match[2] ?? '',
    })),
  )
}

function filesOf(parts: string[]): { file: string; text: string }[] {
  return parts
    .flatMap(part => readdirSync(join(ROOT, part), { recursive: true, encoding: 'utf8' }).map(file => join(part, file)))
    .filter(file => file.endsWith('.ts'))
    .map(file => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))
}

test.run()
