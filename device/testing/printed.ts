/** Whether what `oobm … --json` printed is as its published JSON Schema says, and names nothing else. */
import * as assert from 'uvu/assert'
import { outputSchemas } from '../../cli/output-schemas.ts'
import { schemaComplaint } from '../../testbed/schema-complaint.ts'
import { PROGRAM } from '../commands/all-commands.ts'

const WRONG = { version: 2, command: 7, rule: 7, number: 'x' }
const more = (one: object) => ({ ...one, news: 1 })

/** @param command such as `wifi scan` */
export async function assertPrinted(command: string, ...printed: string[]): Promise<void> {
  assert.ok(printed.length > 0)
  const documents = printed.map(text => JSON.parse(text) as object)
  const schemaOf = (isStrict: boolean) => {
    const schema = outputSchemas(PROGRAM, isStrict).get(command)
    assert.ok(schema, `${command} has a schema`)
    return schema ?? {}
  }
  assert.is(await schemaComplaint(schemaOf(true), documents), '', `oobm ${command} --json`)
  // A later version may add to it, and may not change it.
  const later = documents.map(one => (Array.isArray(one) ? one.map(more) : more(one)))
  assert.is(await schemaComplaint(schemaOf(false), later), '')
  const wrong = documents.map(one => (Array.isArray(one) ? [...one, WRONG] : { ...one, ...WRONG }))
  assert.not.equal(await schemaComplaint(schemaOf(false), wrong), '', `oobm ${command}: a wrong one is found`)
}
