/** Asks questions at the terminal; an option of the same name answers one beforehand. */
import { createInterface } from 'node:readline'
import type * as z from 'zod'
import { EXIT, UserError } from '../runtime/errors.ts'
import type { OptionValues } from './command.ts'

export interface Questions {
  /** Asks until the answer fits. @throws UserError when the input ends */
  ask<T>(option: string, question: string, schema: z.ZodType<T, string>, fallback?: string): Promise<T>
  confirm(question: string): Promise<boolean>
  close(): void
}

/** With `--yes`, every question is answered by its default. */
export function openQuestions({ values, signal }: { values: OptionValues; signal: AbortSignal }): Questions {
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
        if (parsed.success) return parsed.data
        throw new UserError(`--${option} ${given}: ${parsed.error.issues[0]?.message}`, EXIT.usage)
      }
      while (!values.yes) {
        const said = await answer(`${question}${fallback === undefined ? '' : ` [${fallback}]`}: `)
        if (said === undefined) break
        const parsed = schema.safeParse(said === '' && fallback !== undefined ? fallback : said)
        if (parsed.success) return parsed.data
        process.stdout.write(`  ${parsed.error.issues[0]?.message}\n`)
      }
      throw new UserError(`no answer to: ${question}; give --${option}`, EXIT.usage)
    },
    confirm: async question => {
      if (values.yes) return true
      return /^y(es)?$/i.test((await answer(`${question} [y/N]: `)) ?? '')
    },
    close: () => reader?.close(),
  }
}
