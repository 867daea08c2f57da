import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { remoteLine } from './remote-line.ts'

const test = suite('the line for a relay')

const HOSTILE = [
  "it's",
  '"x"',
  '$(id)',
  '`id`',
  '%d%s',
  '\\n\\0101',
  'a b',
  '!!',
  '#',
  '~',
  '*',
  'é',
  '\x1b[1m',
  '',
  '-x',
  ';&|',
  'a\nb',
]

const SHELLS = ['/bin/sh', '/bin/bash', '/bin/dash', '/bin/busybox', '/bin/csh', '/usr/bin/fish', '/bin/zsh']

for (const shell of SHELLS.filter(existsSync)) {
  test(`${shell} gives every argument as it is`, () => {
    const line = remoteLine({ args: HOSTILE, asRoot: false, maySudoAsk: false })
    assert.not.match(line.slice("sh -c '".length, -1), /['\n]/)
    // In place of the program, which need not be installed here.
    const tried = line.replace(/(?<=^sh -c ').*; exec oobm-relay/, () => 'printf "%s\\0"')
    const out = execFileSync(shell, [...(shell.endsWith('busybox') ? ['sh'] : []), '-c', tried], { encoding: 'utf8' })
    assert.equal(out.split('\0').slice(0, -1), HOSTILE)
  })
}

test('asks for no password when nobody can type one', () => {
  const call = { args: ['status'], asRoot: true }
  assert.match(remoteLine({ ...call, maySudoAsk: false }), /exec sudo -n oobm-relay status; fi'$/)
  assert.match(remoteLine({ ...call, maySudoAsk: true }), /exec sudo oobm-relay status; fi'$/)
  assert.not.match(remoteLine({ ...call, asRoot: false, maySudoAsk: true }), /sudo/)
})

test.run()
