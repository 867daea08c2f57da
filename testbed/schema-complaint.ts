/** What an independent validator says of documents: jsonschema of Python, draft 7. */
import { runProgram } from './run-program.ts'

const SCRIPT = `
import json, sys, jsonschema
schema, documents = json.load(sys.stdin)
jsonschema.Draft7Validator.check_schema(schema)
for one in documents: jsonschema.Draft7Validator(schema).validate(one)
`

/** @returns empty where each document is as the schema says */
export async function schemaComplaint(schema: object, documents: readonly unknown[]): Promise<string> {
  const input = JSON.stringify([schema, documents])
  const { code, stderr } = await runProgram('python3', ['-c', SCRIPT], { input, timeoutMs: 60_000 })
  if (code === 0) return ''
  return stderr.trim().split('\n').slice(-30).join('\n') || `python3 ended with ${code}`
}
