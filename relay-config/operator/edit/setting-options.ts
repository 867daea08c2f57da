/** Options of `oobm-relay add` that set settings of an entry: made of the schema of the fleet file. */
import { type Option, type Options, type OptionValues, usageError } from '../../../cli/command.ts'
import { kebabCase } from '../../../formats/key-case.ts'
import { choicesOf, type Setting, tablesOf, whenLeftOut } from '../../../formats/settings.ts'
import type { Item } from '../../fleet/edit/operations.ts'
import { fleetShape } from '../../fleet/fleet-schema.ts'

export interface SettingOptions {
  options: Options
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

function optionOf(setting: Setting): Option {
  const help = helpOf(setting)
  // A switch can only say yes.
  return isSwitch(setting) ? { help } : { ...takenBy(setting), help }
}

function helpOf(setting: Setting): string {
  const phrase = (setting.description ?? '').replaceAll('`', '"')
  const leftOut = setting.isRequired || isSwitch(setting) ? undefined : whenLeftOut(setting)
  return leftOut === undefined ? phrase : `${phrase}; ${leftOut}`
}

function isSwitch({ type, default: value }: Pick<Setting, 'type' | 'default'>): boolean {
  return type === 'boolean' && value === false
}

function takenBy(setting: Setting): Pick<Option, 'value' | 'choices'> {
  if (setting.value !== undefined) return { value: setting.value }
  const choices = setting.type === 'boolean' ? ['true', 'false'] : choicesOf(setting).map(String)
  if (isList(setting)) return { value: ['NAME,...', ...choices].join('|') }
  return choices.length > 0 ? { choices } : { value: isNumber(setting) ? 'N' : 'TEXT' }
}

function parseValue(setting: Setting, option: string, text: string): Item[string] {
  if (setting.type === 'boolean') return text === 'true'
  if (isList(setting)) return choicesOf(setting).includes(text) ? text : splitNames(text)
  if (!isNumber(setting)) return text
  if (!/^\d{1,9}$/.test(text)) usageError(`--${option} takes a whole number, not "${text}"`)
  return Number(text)
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
