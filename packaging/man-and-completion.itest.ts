import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type CommandTable, commandsOf, everyCommand, type Program, valueLabel } from '../cli/command.ts'
import { commandHelp, optionHelp, optionLabel, programHelp, usageLines } from '../cli/help.ts'
import { PROGRAM as OOBM } from '../device/commands/all-commands.ts'
import { PROGRAM as OOBM_RELAY } from '../relay-config/operator/commands/all-commands.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'
import { bashCompletion } from './completion.ts'
import { oobmPage } from './device-pages.ts'
import { manPage } from './man-page.ts'

const test = suite('help, man pages and completions')
const ROOT = join(import.meta.dirname, '..')
const DATE = new Date('2026-11-02')
/** Columns. */
const WIDTH = 100

const source = (path: string) => readFile(join(ROOT, path), 'utf8')

/** Of one program: all texts that are made from its table. */
async function textsOf<C extends CommandTable<C>>(program: Program<C>, page: (template: string) => string) {
  return {
    name: program.name,
    page: page(await source(`man/${program.name}.1`)),
    completion: bashCompletion(await source('completion/command.bash'), program),
    overview: programHelp(program),
    commands: everyCommand(commandsOf(program)).map(([path, command]) => ({
      path,
      summary: command.summary,
      help: commandHelp(program, path, command),
      usage: usageLines(program.name, path, command),
      values: (command.arguments ?? []).map(argument => ({ label: valueLabel(argument) ?? '', help: argument.help })),
      options: Object.entries(command.options ?? {}).map(([name, option]) => ({
        label: optionLabel(name, option),
        help: optionHelp(option),
      })),
    })),
  }
}

const PROGRAMS = [
  () => textsOf(OOBM, template => oobmPage(template, DATE)),
  () => textsOf(OOBM_RELAY, template => manPage(template, OOBM_RELAY, DATE)),
]
/** As one line, however it was wrapped. */
const flat = (text: string) => text.replace(/\s+/g, ' ')

test('the help of each program has each command, argument and option with its meaning', async () => {
  for (const { name, overview, commands } of await Promise.all(PROGRAMS.map(texts => texts()))) {
    for (const { path, summary, help, values, options } of commands) {
      const title = `${name} ${path}`
      if (!path.includes(' ')) assert.ok(flat(overview).includes(flat(`${path} ${summary}`)), title)
      for (const text of [summary, ...[...values, ...options].map(one => one.help)])
        assert.match(text, /^[^ ].*[^.]$/, `${title}: a phrase without a full stop`)
      for (const one of [...values, ...options]) assert.ok(flat(help).includes(flat(`${one.label} ${one.help}`)), title)
      assert.equal(
        help.split('\n').filter(line => line.length > WIDTH),
        [],
        title,
      )
    }
    assert.equal(
      overview.split('\n').filter(line => line.length > WIDTH),
      [],
      name,
    )
  }
})

test('the man page of each program has them too, and mandoc finds nothing wrong in it', async context => {
  const folder = await scratchDirectory(context)
  for (const { name, page, commands } of await Promise.all(PROGRAMS.map(texts => texts()))) {
    const file = join(folder, `${name}.1`)
    await writeFile(file, page)
    const lint = await runProgram('mandoc', ['-Tlint', '-Wwarning', file])
    assert.is(lint.stdout + lint.stderr, '')
    const shown = flat((await runProgram('mandoc', ['-Tutf8', '-Owidth=200', file])).stdout.replace(/.\x08/g, ''))
    assert.match(shown, /November 2, 2026/)
    assert.not.match(shown, /@[A-Z]+@|undefined/)
    for (const { path, usage, values, options } of commands) {
      for (const line of usage) assert.ok(shown.includes(line), line)
      for (const { label, help } of [...values, ...options]) {
        const text = `${label} ${help.charAt(0).toUpperCase()}${help.slice(1)}.`
        assert.ok(shown.includes(flat(text)), `${name} ${path}: ${text}`)
      }
    }
  }
})

test('the completion of each program is a sound script', async () => {
  for (const { completion } of await Promise.all(PROGRAMS.map(texts => texts()))) {
    const { stdout, stderr } = await runProgram('shellcheck', ['-s', 'bash', '-'], { input: completion })
    assert.is(stdout + stderr, '')
  }
})

/** What is offered for each command line, of which the last part is being typed. */
async function offers(folder: string, completion: string, lines: readonly string[][]): Promise<string[]> {
  await writeFile(join(folder, 'completion'), completion)
  const name = /^complete -F (\S+) /m.exec(completion)?.[1]
  const ask = lines.map(
    parts =>
      `COMP_WORDS=(${parts.map(part => `'${part}'`).join(' ')}); COMP_CWORD=${parts.length - 1}; ${name}; echo "\${COMPREPLY[*]}"`,
  )
  const { stdout, stderr } = await runProgram('bash', ['--norc', '-u'], {
    cwd: folder,
    env: { PATH: `${folder}/bin:${process.env.PATH}` },
    input: `. ./completion\n${ask.join('\n')}\n`,
  })
  assert.is(stderr, '')
  return stdout.split('\n').slice(0, -1)
}

test('oobm: completes commands, states, options and files', async context => {
  const folder = await scratchDirectory(context)
  await mkdir(join(folder, 'here'))
  await writeFile(join(folder, 'here/oobm.toml'), '')
  const cases: [string[], string][] = [
    [['st'], 'status'],
    [['--v'], '--version'],
    [['people', ''], '--help --version'],
    [['console', 'at'], 'attach'],
    [['console', 'attach', ''], ''],
    [['led', 're'], 'refused ready'],
    [['import', 'here/'], 'here/oobm.toml'],
    [['import', '--r'], '--root'],
    [['import', '--root', 'he'], 'here'],
    [['upgrade', 'x.deb', 'here/'], 'here/oobm.toml'],
    [['nonsense', ''], ''],
  ]
  const { completion } = await textsOf(OOBM, String)
  const lines = cases.map(([parts]) => ['oobm', ...parts])
  assert.equal(
    await offers(folder, completion, lines),
    cases.map(([, expected]) => expected),
  )
})

test('oobm-relay: completes commands below commands, values, and the names in the fleet file', async context => {
  const folder = await scratchDirectory(context)
  await mkdir(join(folder, 'bin'))
  const asked = join(folder, 'asked')
  // Stands in for the program, which takes its time to start: says what it was asked for and gives what `list` prints.
  const stand = `#!/bin/sh\necho "$*" >>${asked}\ncase $2 in\ndevices) printf 'NAME  PORTS\\ntokyo  1\\nosaka  3\\n' ;;\nconsoles) printf 'NAME\\nsw1\\n' ;;\nesac\n`
  await writeFile(join(folder, 'bin/oobm-relay'), stand, { mode: 0o755 })
  await writeFile(join(folder, 'alice.pub'), '')
  const cases: [string[], string][] = [
    [['re'], 'remove rename render reject reach'],
    [['add', ''], 'device technician console'],
    [['rename', 'd'], 'device'],
    [['list', ''], 'devices consoles technicians'],
    [['add', 'device', 'x', '--ga'], '--gateway'],
    [['add', 'technician', 'x', '--role', ''], 'operator observer'],
    [['add', 'technician', 'x', '--key', 'al'], 'alice.pub'],
    [['add', 'device', 'x', '--port', ''], ''],
    [['add', 'console', ''], 'tokyo osaka'],
    [['keys', 't'], 'tokyo'],
    [['issue', '--out', 'f', 'o'], 'osaka'],
    [['remove', 'console', ''], 'sw1'],
    [['history', '--console', 's'], 'sw1'],
    [['watch', ''], 'sw1'],
    [['--fleet', ''], ''],
    [['nonsense', ''], ''],
    [['keys', '--fleet', 'my fleet.toml', 't'], 'tokyo'],
  ]
  const { completion } = await textsOf(OOBM_RELAY, String)
  const lines = cases.map(([parts]) => ['oobm-relay', ...parts])
  assert.equal(
    await offers(folder, completion, lines),
    cases.map(([, expected]) => expected),
  )
  assert.match(await readFile(asked, 'utf8'), /\nlist devices --fleet my fleet\.toml\n$/)
})

test.run()
