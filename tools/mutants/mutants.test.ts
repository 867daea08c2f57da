import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { apply, describe, sample } from './mutant.ts'
import { mutateShell } from './mutate-shell.ts'
import { mutateTypescript } from './mutate-typescript.ts'

const test = suite('mutants')

test('change what decides in a TypeScript file, and neither types nor names of modules', () => {
  const file = 'testbed/left-behind.ts'
  const text = readFileSync(file, 'utf8')
  const found = mutateTypescript([file])
  const names = found.map(mutant => describe(text, mutant))
  const wanted = [
    /isKnown → !\(isKnown\)$/,
    /\|\| → &&$/,
    / 'Z' → ''$/,
    /const look = .* → return;$/,
    /known\.set\(pid, { started, mark }\) → ;$/,
  ]
  assert.equal(
    wanted.filter(pattern => !names.some(name => pattern.test(name))),
    [],
  )
  assert.is(
    names.find(name => /node:fs|interface|command: string/.test(name)),
    undefined,
  )
  for (const mutant of found) {
    assert.is.not(apply(text, mutant), text)
    assert.is(text.slice(0, mutant.start).split('\n').length, mutant.line)
  }
})

test('change a shell script to another one that the shell takes', context => {
  const folder = mkdtempSync(join(tmpdir(), 'oobm-'))
  context.cleanup(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'script')
  const text = '#!/bin/sh\n# [ -n "$1" ]\nif [ -n "$1" ] && [ "$2" -lt 3 ]; then\n  echo "$1" >&2\nfi # section 5\n'
  writeFileSync(file, text)
  const changed = mutateShell(file).map(mutant => apply(text, mutant).split('\n').slice(2).join('\n'))
  const body = (first: string, second = '  echo "$1" >&2') => `${first}\n${second}\nfi # section 5\n`
  for (const wanted of [
    body('if [ -z "$1" ] && [ "$2" -lt 3 ]; then'),
    body('if [ -n "$1" ] || [ "$2" -lt 3 ]; then'),
    body('if [ -n "$1" ] && [ "$2" -le 3 ]; then'),
    body('if [ -n "$1" ] && [ "$2" -lt 30 ]; then'),
    body('if ! [ -n "$1" ] && [ "$2" -lt 3 ]; then'),
    body('if [ -n "$1" ] && [ "$2" -lt 3 ]; then', '  :'),
  ]) {
    assert.ok(changed.includes(wanted), `${wanted} in\n${changed.join('---\n')}`)
  }
  assert.is(changed.length, 6)
})

test('are the same few for the same seed', () => {
  const all = Array.from({ length: 100 }, (_, n) => n)
  assert.equal(sample(all, 10, 7), sample(all, 10, 7))
  assert.not.equal(sample(all, 10, 7), sample(all, 10, 8))
  assert.is(new Set(sample(all, 100, 7)).size, 100)
  assert.is(sample(all, 200, 7).length, 100)
})

test.run()
