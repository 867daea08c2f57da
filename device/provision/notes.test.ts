import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { documentsIn, settingsNote } from './card-note.ts'
import { enrolNote } from './enrol-note.ts'
import { errorNote } from './error-note.ts'
import { importedNote } from './imported-note.ts'
import type { BoardFacts } from './notes.ts'

const test = suite('texts on the card')

const BOARD: BoardFacts = { serial: 'a1b2c3d4', version: '1.0', wallMs: 0, device: undefined }
const FAULT = { file: 'oobm.toml', issues: [{ line: 3, key: 'relay.port', message: 'must be a whole number' }] }
const STORED = { enrolment: { site: 'tokyo', board: 'a1b2c3d4' }, secrets: {} }
const DONE = {
  provisioning: {
    config: { device: 'tokyo-rack1', relays: [], technicians: [], consoles: [], sparePorts: [] },
    site: { wifi: [{ ssid: '事務所' }], interfaces: [], cellular: [] },
  },
  ...{ files: ['oobm.toml'], complete: true, foreign: ['oobm-1.toml'], lookalikes: ['oobm (1).toml'] },
} as unknown as Parameters<typeof importedNote>[0]

const FATES = (
  ['waiting', 'not-handed-over', 'refused', 'in-force', 'partly', 'trial', 'confirmed', 'undone'] as const
).map((fate, at) => ({
  file: 'x.settings',
  digest: String(at).repeat(64),
  fate,
  serial: 3,
  detail: 'the signature is wrong',
}))

/** Text → what must be in it once in English and once in Japanese. */
const NOTES = {
  error: {
    write: (first: 'en' | 'ja') => errorNote(FAULT, BOARD, first),
    en: ['WHAT TO DO', 'This device cannot use the file oobm.toml.'],
    ja: ['■ 次にすること', 'ファイル oobm.toml を使用できません。'],
    both: ['line 3, relay.port: must be a whole number'],
  },
  'error without a file': {
    write: (first: 'en' | 'ja') => errorNote({ ...FAULT, file: '' }, { ...BOARD, device: 'x' }, first),
    en: ['This device found no settings that it can use.', 'it goes on as "x"'],
    ja: ['使用できる設定が見つかりません。', '「x」として'],
    both: ['line 3, relay.port: must be a whole number'],
  },
  imported: {
    write: (first: 'en' | 'ja') => importedNote(DONE, BOARD, first),
    en: ['This device is set up as "tokyo-rack1".', 'STILL THERE'],
    ja: ['この装置は「tokyo-rack1」として設定されました。', 'まだ残っています'],
    both: ['"事務所"', 'oobm (1).toml', 'oobm-1.toml'],
  },
  settings: {
    write: (first: 'en' | 'ja') => settingsNote(FATES, BOARD, first),
    en: ['WHAT TO DO', 'x.settings (settings number 3)'],
    ja: ['■ 次にすること', 'x.settings (設定番号 3)'],
    both: ['the signature is wrong'],
  },
  enrol: {
    write: (first: 'en' | 'ja') => enrolNote(STORED, first) ?? '',
    en: ['WHAT TO DO', 'serial number:  a1b2c3d4'],
    ja: ['■ 次にすること', 'シリアル番号：a1b2c3d4'],
    both: ['SHA256:'],
  },
}

for (const [name, { write, en, ja, both }] of Object.entries(NOTES)) {
  test(`${name}: both languages, the site's first, and the first line says where the other is`, () => {
    for (const first of ['en', 'ja'] as const) {
      const text = write(first)
      const [upper = '', lower = ''] = text.split(/\n=+\n/)
      const [expectedUpper, expectedLower] = first === 'en' ? [en, ja] : [ja, en]
      for (const part of [...expectedUpper, ...both]) assert.ok(upper.includes(part), `${first}: ${part}\n${text}`)
      for (const part of [...expectedLower, ...both]) assert.ok(lower.includes(part), `${first}: ${part}\n${text}`)
      assert.match(upper, first === 'en' ? /^（日本語は下にあります。）\n/ : /^\(English: see below\.\)\n/)
    }
  })
}

test('the text about settings says in both halves what became of each, and is read again as it was', () => {
  const note = settingsNote(FATES, BOARD, 'ja')
  assert.equal(
    documentsIn(note.replaceAll('\n', '\r\n')).map(({ fate }) => fate),
    FATES.map(({ fate }) => fate),
  )
})

test('a device that is set up has no text for enrolment', () => {
  assert.is(enrolNote(undefined, 'ja'), undefined)
})

test.run()
