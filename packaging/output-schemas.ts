/** The JSON Schemas that each package has of what its programs print and send; pure. */
import { outputSchema, outputSchemas } from '../cli/output-schemas.ts'
import { PROGRAM as OOBM } from '../device/commands/all-commands.ts'
import { PROGRAM as OOBM_RELAY } from '../relay-config/operator/commands/all-commands.ts'
import { eventSchema } from '../relay-config/relay/events/event.ts'

/** What `oobm-relay wifi` hands on as the device printed it. */
const FROM_DEVICE = /^wifi( |$)/

/** By command, such as `settings show`, and `events` for an event as sinks get it. */
export function relaySchemas(isStrict = false): Map<string, object> {
  return new Map([
    ...outputSchemas(OOBM_RELAY, isStrict),
    ...[...deviceSchemas(isStrict)].filter(([command]) => FROM_DEVICE.test(command)),
    ['events', outputSchema(eventSchema, 'An event, as a webhook or a command gets it', isStrict)],
  ])
}

/** By command, such as `wifi scan`. */
export function deviceSchemas(isStrict = false): Map<string, object> {
  return outputSchemas(OOBM, isStrict)
}

/** As they are in a package. */
export function schemaFiles(schemas: ReadonlyMap<string, object>): [name: string, text: string][] {
  return [...schemas].map(([command, schema]) => [
    `${command.replaceAll(' ', '-')}.schema.json`,
    `${JSON.stringify(schema, null, 2)}\n`,
  ])
}
