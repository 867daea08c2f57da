/** Options of `oobm-relay add` that set settings of an entry: made of the schema of the fleet file. */
import type { CommandOption, OptionValues } from '../../../cli/option.ts'
import { kebabCase } from '../../../formats/key-case.ts'
import { choicesOf, type Setting, tablesOf, whenLeftOut } from '../../../formats/settings.ts'
import type { Item } from '../../fleet/edit/operations.ts'
import { fleetShape } from '../../fleet/fleet-schema.ts'
import { usageError } from '../command.ts'

export interface SettingOptions {
  options: Record<string, CommandOption>
  /** What is given of an entry, by key. @throws UserError for a value that is not of the setting's kind */
  itemOf(values: OptionValues): Item
}

/** @param table of the fleet file: `devices.consoles` */
export function settingOptions(table: string): SettingOptions {
  const settings = (tablesOf(fleetShape).find(({ path }) => path === table)?.settings ?? []).flatMap(setting => {
    // The name of an entry is no option, and what has `false` is given in another way, or by hand.
    if (setting.key === 'name' || setting.option === false) return []
    return [{ setting, option: setting.option ?? kebabCase(setting.key) }]
  })
  return {
    options: Object.fromEntries(settings.map(({ setting, option }) => [option, optionOf(setting)])),
    itemOf: values =>
      Object.fromEntries(
        settings.flatMap(({ setting, option }) => {
          const given = values[option]
          return given === undefined ? [] : [[setting.key, parseValue(setting, option, String(given))]]
        }),
      ),
  }
}

function optionOf(setting: Setting): CommandOption {
  const help = helpOf(setting)
  // A switch can only say yes.
  return isSwitch(setting) ? { type: 'boolean', help } : { type: 'string', value: valueName(setting), help }
}

function helpOf(setting: Setting): string {
  const phrase = (setting.description ?? '').replaceAll('`', '"')
  const leftOut = setting.isRequired || isSwitch(setting) ? undefined : whenLeftOut(setting)
  return leftOut === undefined ? phrase : `${phrase}; ${leftOut}`
}

function isSwitch({ type, default: value }: Pick<Setting, 'type' | 'default'>): boolean {
  return type === 'boolean' && value === false
}

function valueName(setting: Setting): string {
  if (setting.value !== undefined) return setting.value
  const list = isList(setting) ? ['NAME,...'] : []
  const choices = [...list, ...choicesOf(setting).map(String)]
  if (choices.length > 0) return choices.join('|')
  if (setting.type === 'boolean') return 'true|false'
  return isNumber(setting) ? 'N' : 'TEXT'
}

function parseValue(setting: Setting, option: string, text: string): Item[string] {
  if (setting.type === 'boolean') return booleanOf(option, text)
  if (isList(setting)) return choicesOf(setting).includes(text) ? text : splitNames(text)
  if (!isNumber(setting)) return text
  if (!/^\d{1,9}$/.test(text)) usageError(`--${option} takes a whole number, not "${text}"`)
  return Number(text)
}

function booleanOf(option: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') usageError(`--${option} takes true or false, not "${text}"`)
  return text === 'true'
}

function isNumber({ type, anyOf = [] }: Setting): boolean {
  return (
    type === 'integer' || type === 'number' || (anyOf.length > 0 && anyOf.every(one => typeof one.const === 'number'))
  )
}

function isList({ type, anyOf = [] }: Setting): boolean {
  return type === 'array' || anyOf.some(one => one.type === 'array')
}

function splitNames(list: string): string[] {
  return list
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}
