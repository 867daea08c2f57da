/** The bash completion in completion/, filled from the program's own table of words. */

import type { CommandOption } from '../cli/option.ts'
import { COMMANDS, COMMON } from '../relay-config/operator/commands/all-commands.ts'

/** @param template completion/oobm-relay.bash */
export function bashCompletion(template: string): string {
  return template.replace('@TABLES@', () =>
    [
      tableFunction('words', '', [['', Object.keys(COMMANDS)]]),
      tableFunction(
        'options',
        '$1',
        everyWord(options => Object.keys(options).map(name => `--${name}`)),
      ),
      tableFunction(
        'kinds',
        '$1',
        Object.entries(COMMANDS).map(([word, { usage }]) => [word, kindsIn(usage)]),
      ),
      tableFunction(
        'value',
        '$1:$2',
        Object.entries(COMMANDS).flatMap(([word, { options }]) =>
          Object.entries({ ...COMMON, ...options }).flatMap(([name, option]): [string, string[]][] =>
            option.type === 'boolean' ? [] : [[`${word}:--${name}`, [offerOf(option)]]],
          ),
        ),
      ),
    ].join('\n\n'),
  )
}

function everyWord(of: (options: Record<string, CommandOption>) => string[]): [string, string[]][] {
  return Object.entries(COMMANDS).map(([word, { options }]) => [word, of({ ...options, ...COMMON })])
}

/** What may stand first after a word: `DEVICE`, or the lower-case words that its forms begin with. */
function kindsIn(usage: string): string[] {
  const firsts = usage.split('\n').map(form => form.split(' ')[0]?.replace(/^\[|\]$/g, '') ?? '')
  if (firsts.includes('DEVICE')) return ['DEVICE']
  return firsts.flatMap(first => first.split('|')).filter(word => /^[a-z]+$/.test(word))
}

/** Alternatives and files can be offered; of anything else only that there is a value: `-`. */
function offerOf({ value = '' }: CommandOption): string {
  return /^(FILE|DIR)/.test(value) || /^[a-z0-9-]+(\|[a-z0-9-]+)+$/.test(value) ? value : '-'
}

/** A function of bash that prints what belongs to its argument, one a line. */
function tableFunction(name: string, subject: string, rows: [string, string[]][]): string {
  if (subject === '') return `_oobm_relay_${name}() {\n  printf '%s\\n' ${rows[0]?.[1].join(' ')}\n}`
  const cases = rows
    .filter(([, words]) => words.length > 0)
    .map(([pattern, words]) => `    ${pattern}) printf '%s\\n' ${words.map(word => `'${word}'`).join(' ')} ;;`)
  return `_oobm_relay_${name}() {\n  case ${subject} in\n${cases.join('\n')}\n  esac\n}`
}
