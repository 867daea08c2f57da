/** JSON Schemas of what `--json` prints, and of events: for programs that read it; pure. */
import * as z from 'zod'
import { type CommandTable, commandsOf, everyCommand, type Program } from '../cli/command.ts'
import { eventSchema } from '../relay-config/relay/events/event.ts'

/**
 * @param isStrict whether what is not named is wrong: for tests. Later versions may add to each object
 * @returns by command, such as `settings show`, and `events` for an event as sinks get it
 */
export function outputSchemas<C extends CommandTable<C>>(program: Program<C>, isStrict = false): Map<string, object> {
  const commands = everyCommand(commandsOf(program)).flatMap(([path, { json, summary }]) =>
    json === undefined ? [] : [[path, schemaOf(json, `${program.name} ${path} --json: ${summary}`, isStrict)] as const],
  )
  return new Map([
    ...commands,
    ['events', schemaOf(eventSchema, 'An event, as a webhook or a command gets it', isStrict)],
  ])
}

function schemaOf(schema: z.ZodType, title: string, isStrict: boolean): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'output',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (!isStrict && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  })
  return { $schema, title, ...rest }
}
