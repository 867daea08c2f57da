/** oobm.toml(5): the page in man/, filled from the schema of the file. */
import { sentence } from '../cli/help.ts'
import { snakeCase } from '../formats/key-case.ts'
import { provisioningSchema, REQUIRED_KEYS } from '../formats/provisioning.ts'
import { describeValue, type SettingsTable, tablesOf } from '../formats/settings.ts'
import { pageDate, roff } from './man-page.ts'

/**
 * @param template man/oobm.toml.5
 * @returns mdoc(7)
 */
export function tomlPage(template: string, date: Date, schema = provisioningSchema): string {
  return template
    .replace('@DATE@', pageDate(date))
    .replace('@REQUIRED@', REQUIRED_KEYS.map(snakeCase).join(', '))
    .replace('@SETTINGS@', () => tablesOf(schema).flatMap(sectionLines).join('\n'))
}

function sectionLines({ path, isList, description, details, sameAs, settings }: SettingsTable): string[] {
  const header = isList ? `[[${path}]]` : `[${path}]`
  const about = description === undefined ? [] : proseLines(sentence(description), details)
  return [
    `.Ss ${path === '' ? 'Above the first table' : roff(header)}`,
    ...about,
    ...(sameAs === undefined
      ? [
          '.Bl -tag -width Ds',
          ...settings.flatMap(setting => [
            `.It Ic ${setting.name} Pq ${roff(describeValue(setting, setting.isRequired))}`,
            ...proseLines(sentence(setting.description ?? ''), setting.details),
          ]),
          '.El',
        ]
      : ['It has the settings of', `.Ic [${sameAs}] .`]),
  ]
}

/** One sentence a line, as mdoc(7) wants it. What is in backticks is shown as what one types. */
function proseLines(...texts: (string | undefined)[]): string[] {
  const sentences = texts.flatMap(text => text?.split(/(?<=\.) (?=[A-Z`])/) ?? [])
  return sentences.flatMap(text => {
    const [first = '', ...marked] = text.split(/ ?`([^`]*)`/)
    const lines = [first.trim()]
    for (let at = 0; at < marked.length; at += 2) {
      const [, stop = '', rest = ''] = /^([.,:;)]*)(.*)$/s.exec(marked[at + 1] ?? '') ?? []
      lines.push(`.Ql "${roff(marked[at] ?? '')}"${stop === '' ? '' : ` ${[...stop].join(' ')}`}`, rest.trim())
    }
    return lines.map(line => (line.startsWith('.Ql ') ? line : roff(line))).filter(line => line !== '')
  })
}
