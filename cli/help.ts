/** The help of a program and of each command, from its table; pure. */
import {
  type Argument,
  type CommandTable,
  type Option,
  type Options,
  type Program,
  STANDARD_OPTIONS,
  valueLabel,
} from './command.ts'
import { describeTerms, wrap } from './layout.ts'

/** Columns. */
const WIDTH = 100

export function programHelp<C extends CommandTable<C>>(program: Program<C>): string {
  const { name, summary, groups } = program
  return sections([
    ['', [`usage: ${name} COMMAND [OPTIONS]`]],
    ['', wrap(sentence(summary), WIDTH)],
    ...Object.entries(groups).map(([title, commands]): Section => {
      const terms = Object.entries(commands).map(([command, table]) => [command, table.summary] as const)
      return [`${title}:`, describeTerms(terms, WIDTH)]
    }),
    ['Options of every command:', describeOptions(everywhere(program))],
    ['', [`"${name} COMMAND --help" explains a command.`]],
  ])
}

/** @param path what is typed for the command: `add device` */
export function commandHelp<C extends CommandTable<C>>(program: Program<C>, path: string, command: C): string {
  const { summary, details = [], options = {}, examples = [], exitCodes = {}, commands = {} } = command
  const values = (command.arguments ?? []).map(argument => [valueLabel(argument) ?? '', argument.help] as const)
  const below = Object.entries(commands).map(([name, table]) => [name, table.summary] as const)
  const lines = usageLines(program.name, path, command)
  return sections([
    ['', lines.map((line, index) => `${index === 0 ? 'usage: ' : '       '}${line}`)],
    ['', wrap(sentence(summary), WIDTH)],
    ['', details.length === 0 ? [] : wrap(details.join(' '), WIDTH)],
    ['Commands:', describeTerms(below, WIDTH)],
    ['Arguments:', describeTerms(values, WIDTH)],
    ['Options:', describeOptions({ ...options, ...everywhere(program) })],
    ['Examples:', examples.map(example => `  ${program.name} ${example}`)],
    ['Exit codes:', describeTerms(Object.entries(exitCodes), WIDTH)],
  ])
}

/** How the command is typed: one line, and one more where commands are below it. */
export function usageLines<C extends CommandTable<C>>(name: string, path: string, command: C): string[] {
  const given = (command.arguments ?? []).map(argumentUsage)
  return [
    ...(command.run === undefined ? [] : [[name, path, ...given, '[OPTIONS]'].join(' ')]),
    ...(command.commands === undefined ? [] : [`${name} ${path} COMMAND [OPTIONS]`]),
  ]
}

/** `-h, --help`, `--fleet FILE` */
export function optionLabel(name: string, option: Option): string {
  const label = valueLabel(option)
  return `${option.short === undefined ? '' : `-${option.short}, `}--${name}${label === undefined ? '' : ` ${label}`}`
}

export function optionHelp({ help, default: fallback }: Option): string {
  return fallback === undefined ? help : `${help} (default: ${fallback})`
}

export function everywhere<C extends CommandTable<C>>({ options }: Program<C>): Options {
  return { ...options, ...STANDARD_OPTIONS }
}

export function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`
}

type Section = readonly [title: string, lines: readonly string[]]

function sections(all: readonly Section[]): string {
  return all
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [...(title === '' ? [] : [title]), ...lines].join('\n'))
    .join('\n\n')
}

function describeOptions(options: Options): string[] {
  return describeTerms(
    Object.entries(options).map(([name, option]) => [optionLabel(name, option), optionHelp(option)] as const),
    WIDTH,
  )
}

function argumentUsage(argument: Argument): string {
  const text = `${valueLabel(argument)}${argument.isRepeated ? '...' : ''}`
  return argument.isOptional ? `[${text}]` : text
}
