import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { CommandOption } from '../cli/option.ts'
import { COMMANDS, COMMON } from '../relay-config/operator/commands/all-commands.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../tools/suite.ts'
import { bashCompletion } from './completion.ts'
import { manPage } from './man-page.ts'

const test = suite('the man page and the completion of oobm-relay')
const ROOT = join(import.meta.dirname, '..')

const page = async () => manPage(await readFile(join(ROOT, 'man/oobm-relay.1'), 'utf8'), new Date('2026-11-02'))
const script = async () => bashCompletion(await readFile(join(ROOT, 'completion/oobm-relay.bash'), 'utf8'))

test('each option says what it does, and what its value is', () => {
  const tables: [string, Record<string, CommandOption>][] = [
    ['every word', COMMON],
    ...Object.entries(COMMANDS).map(([word, { options }]): [string, Record<string, CommandOption>] => [word, options]),
  ]
  const silent = tables.flatMap(([word, options]) =>
    Object.entries(options).flatMap(([name, { type, value, help }]) => {
      const isWhole = help !== undefined && /[^.]$/.test(help) && (type === 'boolean') === (value === undefined)
      return isWhole ? [] : [`${word}: --${name}`]
    }),
  )
  assert.equal(silent, [])
})

test('the man page has every word and every option, and mandoc finds nothing wrong in it', async context => {
  const folder = await scratchDirectory(context)
  const file = join(folder, 'oobm-relay.1')
  await writeFile(file, await page())
  const lint = await runProgram('mandoc', ['-Tlint', '-Wwarning', file])
  assert.is(lint.stdout + lint.stderr, '')
  assert.is(lint.code, 0)
  const shown = (await runProgram('mandoc', ['-Tascii', '-Owidth=200', file])).stdout.replace(/.\x08/g, '')
  assert.match(shown, /November 2, 2026/)
  assert.not.match(shown, /@[A-Z]+@|undefined/)
  for (const [word, { options, usage }] of Object.entries(COMMANDS)) {
    const [first = ''] = usage.split('\n')
    assert.ok(shown.includes(`oobm-relay ${word} ${first}`.trimEnd()), word)
    for (const name of Object.keys(options)) assert.match(shown, new RegExp(` --${name}( |\\n)`))
  }
})

test('the completion is a sound script', async () => {
  const { stdout, stderr } = await runProgram('shellcheck', ['-s', 'bash', '-'], { input: await script() })
  assert.is(stdout + stderr, '')
})

test('completes words, kinds, options, their values, and the names in the file', async context => {
  const folder = await scratchDirectory(context)
  await mkdir(join(folder, 'bin'))
  const asked = join(folder, 'asked')
  // Stands in for the program, which takes its time to start: says what it was asked for and gives what `list` prints.
  const stand = `#!/bin/sh\necho "$*" >>${asked}\ncase $2 in\ndevices) printf 'NAME  PORTS\\ntokyo  1\\nosaka  3\\n' ;;\nconsoles) printf 'NAME\\nsw1\\n' ;;\nesac\n`
  await writeFile(join(folder, 'bin/oobm-relay'), stand, { mode: 0o755 })
  await writeFile(join(folder, 'alice.pub'), '')
  await writeFile(join(folder, 'completion'), await script())
  const cases: [string[], string[]][] = [
    [['re'], ['remove', 'rename', 'render']],
    [
      ['add', ''],
      ['device', 'technician', 'console'],
    ],
    [['rename', 'd'], ['device']],
    [
      ['list', ''],
      ['devices', 'technicians', 'consoles'],
    ],
    [['add', 'device', 'x', '--ga'], ['--gateway']],
    [
      ['add', 'technician', 'x', '--role', ''],
      ['operator', 'observer'],
    ],
    [['add', 'technician', 'x', '--key', 'al'], ['alice.pub']],
    [['add', 'device', 'x', '--port', ''], []],
    [
      ['add', 'console', ''],
      ['tokyo', 'osaka'],
    ],
    [['keys', 't'], ['tokyo']],
    [['issue', '--out', 'f', 'o'], ['osaka']],
    [['remove', 'console', ''], ['sw1']],
    [['--fleet', ''], []],
    [['nonsense', ''], []],
  ]
  const ask = ([...words]: string[]) =>
    `COMP_WORDS=(oobm-relay ${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _oobm_relay; echo "\${COMPREPLY[*]}"`
  const { stdout, stderr } = await runProgram('bash', ['--norc', '-u'], {
    cwd: folder,
    env: { PATH: `${folder}/bin:${process.env.PATH}` },
    input: `. ./completion\n${cases.map(([words]) => ask(words)).join('\n')}\n${ask(['keys', '--fleet', 'my fleet.toml', 't'])}\n`,
  })
  assert.is(stderr, '')
  assert.equal(stdout.split('\n').slice(0, -1), [...cases.map(([, expected]) => expected.join(' ')), 'tokyo'])
  assert.match(await readFile(asked, 'utf8'), /\nlist devices --fleet my fleet\.toml\n$/)
})

test.run()
