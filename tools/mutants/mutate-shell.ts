/** Changes of shell scripts and of configuration, line by line; what the shell does not take for a script any more is left out. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { apply, type Mutant } from './mutant.ts'

const CHANGES: [pattern: RegExp, replacement: string][] = [
  [/\[ -n /g, '[ -z '],
  [/\[ -z /g, '[ -n '],
  [/\[ -(?:[efdprwO]|x) /g, '[ ! -e / -o -z '],
  [/(?<=\[ .*) = /g, ' != '],
  [/(?<=\[ .*) != /g, ' = '],
  [/ -lt /g, ' -le '],
  [/ -le /g, ' -lt '],
  [/ -gt /g, ' -ge '],
  [/ -ge /g, ' -gt '],
  [/ -eq /g, ' -ne '],
  [/ -ne /g, ' -eq '],
  [/(?<=^\s*if )(?!!)/g, '! '],
  [/(?<=^\s*(?:if|until|while) )! /g, ''],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  // No number of a parameter or of a descriptor, and no range of characters.
  [/(?<![\w$>{&-])\d+(?![\w>-])/g, '$&0'],
  [/(?<=\breturn )1$/g, '0'],
  // A whole command, a whole line of a case.
  [/(?<=^\s*)[a-z"][^\n]*[^;\\|&{(]$/g, ':'],
  [/(?<=^\s+)[^\s()][^()\n]*\) continue ;;$/g, 'no-such-word) ;;'],
]

/** What begins or ends something, or is only a word of the language. */
const STRUCTURE = /^\s*(#|$|if |elif |else$|fi$|do$|done|esac|case |while |until |for |then$|;;|\}|\{|[a-z_]+\(\))/

export function mutateShell(file: string): Mutant[] {
  const text = readFileSync(file, 'utf8')
  const mutants: Mutant[] = []
  let offset = 0
  for (const [index, whole] of text.split('\n').entries()) {
    // Without the comment at its end.
    const line = whole.replace(/ # [^'"]*$/, '')
    if (!/^\s*(#|$)/.test(line)) {
      for (const [pattern, replacement] of CHANGES) {
        if (replacement === ':' && STRUCTURE.test(line)) continue
        for (const match of line.matchAll(pattern)) {
          const start = offset + match.index
          const mutant = { file, line: index + 1, start, end: start + match[0].length }
          mutants.push({ ...mutant, replacement: replacement.replace('$&', match[0]) })
        }
      }
    }
    offset += whole.length + 1
  }
  return mutants.filter(mutant => spawnSync('sh', ['-n'], { input: apply(text, mutant) }).status === 0)
}

/** Any other file in which each line says something by itself: without one of them. */
export function mutateLines(file: string): Mutant[] {
  const mutants: Mutant[] = []
  let start = 0
  for (const [index, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (!/^\s*(#|$)/.test(line))
      mutants.push({ file, line: index + 1, start, end: start + line.length, replacement: '' })
    start += line.length + 1
  }
  return mutants
}
