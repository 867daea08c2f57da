/** JSON Schemas of the files that people write: with them, an editor explains, completes and checks settings; pure. */
import type * as z from 'zod'
import { sentence } from '../cli/help.ts'
import { deviceConfigSchema } from '../formats/device-config.ts'
import { snakeCase } from '../formats/key-case.ts'
import { provisioningSchema } from '../formats/provisioning.ts'
import { describeValue, FACTS, type Node, schemaNode } from '../formats/settings.ts'
import { fleetShape } from '../relay-config/fleet/fleet-schema.ts'

interface Options {
  title: string
  /** Whether the file may hold a change alone: nothing is required then, and what is there can be taken away. */
  isPartial?: boolean
}

const REMOVE = { const: true, description: 'Takes this table or entry away from what the device has.' }

/** File name → text. */
export function jsonSchemas() {
  return {
    fleet: schemaText(fleetShape, { title: 'The fleet file, fleet.toml' }),
    oobm: schemaText(provisioningSchema, {
      title: 'The provisioning file, oobm.toml, or a part of it',
      isPartial: true,
    }),
    device: schemaText(deviceConfigSchema, { title: 'The device configuration, device.toml' }),
  }
}

function schemaText(schema: z.ZodType, options: Options): string {
  const { $schema, ...root } = schemaNode(schema) as Node & { $schema?: string }
  return `${JSON.stringify({ $schema, title: options.title, ...forEditors(root, false, options) }, null, 2)}\n`
}

function forEditors(node: Node, isRequired: boolean, options: Options): object {
  const { properties, items, required = [], default: value } = node
  const known = Object.entries(node).filter(([name]) => !(FACTS as readonly string[]).includes(name))
  const isTable = properties !== undefined || items?.properties !== undefined
  return {
    ...Object.fromEntries(known),
    description: describe(node, isTable ? undefined : describeValue(node, isRequired && !options.isPartial)),
    // An empty table or list would be offered as a value.
    default: typeof value === 'object' ? undefined : value,
    items: items && forEditors(items, false, options),
    properties: properties && propertiesOf(node, options),
    required: options.isPartial || required.length === 0 ? undefined : required.map(snakeCase),
  }
}

function propertiesOf({ properties = {}, required = [] }: Node, options: Options): Record<string, object> {
  const isHead = 'version' in properties
  const settings = Object.entries(properties).map(([key, child]) => [
    snakeCase(key),
    forEditors(child, required.includes(key), options),
  ])
  return { ...Object.fromEntries(settings), ...(options.isPartial && !isHead && { remove: REMOVE }) }
}

function describe({ description, details }: Node, value: string | undefined): string | undefined {
  if (description === undefined) return undefined
  const parts = [sentence(description), details, value === undefined ? undefined : sentence(value)]
  return parts.filter(part => part !== undefined).join(' ')
}
