/** JSON Schemas of what commands print with `--json`: for programs that read it; pure. No program has this in its bundle. */
import * as z from 'zod'
import { type CommandTable, commandsOf, everyCommand, type Program } from './command.ts'

/**
 * @param isStrict whether what is not named is wrong: for tests. Later versions may add to each object
 * @returns by command, such as `settings show`
 */
export function outputSchemas<C extends CommandTable<C>>(program: Program<C>, isStrict = false): Map<string, object> {
  const commands = everyCommand(commandsOf(program)).flatMap(([path, { json, summary }]) =>
    json === undefined
      ? []
      : [[path, outputSchema(json, `${program.name} ${path} --json: ${summary}`, isStrict)] as const],
  )
  return new Map(commands)
}

/** Draft 7. */
export function outputSchema(schema: z.ZodType, title: string, isStrict = false): object {
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
