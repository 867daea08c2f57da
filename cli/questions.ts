/** Questions to whoever sits there; an option of the same name answers one beforehand. */
import { createInterface } from 'node:readline'
import type * as z from 'zod'
import { type BareInput, usageError } from '../relay-config/operator/command.ts'

export interface Questions {
  /** Asks until the answer fits. @throws UserError when nobody answers any more */
  ask<T>(option: string, question: string, schema: z.ZodType<T, string>, fallback?: string): Promise<T>
  confirm(question: string): Promise<boolean>
  close(): void
}

/** With `--yes`, every question is answered by its default. */
export function openQuestions({ values, signal }: Pick<BareInput, 'values' | 'signal'>): Questions {
  let reader: ReturnType<typeof createInterface> | undefined
  let lines: AsyncIterator<string> | undefined
  const answer = async (prompt: string): Promise<string | undefined> => {
    process.stdout.write(prompt)
    reader ??= createInterface({ input: process.stdin.on('error', () => reader?.close()), signal })
    lines ??= reader[Symbol.asyncIterator]()
    const { value, done } = await lines.next()
    signal.throwIfAborted()
    return done ? undefined : value.trim()
  }
  return {
    ask: async (option, question, schema, fallback) => {
      const given = values[option] ?? (values.yes ? fallback : undefined)
      if (given !== undefined) {
        const parsed = schema.safeParse(String(given))
        return parsed.success ? parsed.data : usageError(`--${option} ${given}: ${parsed.error.issues[0]?.message}`)
      }
      while (!values.yes) {
        const said = await answer(`${question}${fallback === undefined ? '' : ` [${fallback}]`}: `)
        if (said === undefined) break
        const parsed = schema.safeParse(said === '' && fallback !== undefined ? fallback : said)
        if (parsed.success) return parsed.data
        process.stdout.write(`  ${parsed.error.issues[0]?.message}\n`)
      }
      return usageError(`give --${option}`)
    },
    confirm: async question => {
      if (values.yes) return true
      return /^y(es)?$/i.test((await answer(`${question} [y/N]: `)) ?? '')
    },
    close: () => reader?.close(),
  }
}
