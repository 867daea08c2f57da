/** How another terminal breaks and mends: `.lab/break` and `.lab/mend`, which ask the lab over a socket in its folder. */
import { chmod, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { EXIT, type ExitCode, errorCode, UserError } from '../runtime/errors.ts'
import { within } from '../runtime/waiting.ts'
import { programPath } from './provision.ts'

const SOCKET = 'control'
const VERBS = ['break', 'mend'] as const
export type Verb = (typeof VERBS)[number]
/** Milliseconds for a question, and for its answer. */
const ASK_MS = 10_000
/** Bytes of a question. */
const QUESTION_MAX = 4_096

export interface Answer {
  code: ExitCode
  text: string
}

/** @param serve does what is asked for; it throws UserErrors */
export async function serveControl(
  root: string,
  serve: (verb: Verb, args: readonly string[]) => Promise<string>,
): Promise<{ close(): void }> {
  const server = createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {})
    socket.setTimeout(ASK_MS, () => socket.destroy())
    let question = ''
    socket.setEncoding('utf8').on('data', chunk => {
      question += chunk
      if (question.length > QUESTION_MAX) socket.destroy()
    })
    socket.once('end', () => {
      void answerTo(question, serve).then(answer => socket.end(JSON.stringify(answer)))
    })
  })
  // The path of a socket has 107 bytes at most: none of ours may be too long (unix(7)).
  inFolder(root, () => server.listen(SOCKET))
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  for (const verb of VERBS) {
    const script = `#!/bin/sh\nexec '${process.execPath}' '${programPath('lab')}' --directory '${root}' ${verb} "$@"\n`
    await writeFile(join(root, verb), script)
    await chmod(join(root, verb), 0o755)
  }
  // The end of a server removes its socket, by the same path.
  return { close: () => inFolder(root, () => server.close()) }
}

async function answerTo(question: string, serve: (verb: Verb, args: string[]) => Promise<string>): Promise<Answer> {
  try {
    const [verb, ...args] = JSON.parse(question) as [Verb, ...string[]]
    return { code: EXIT.ok, text: await serve(verb, args) }
  } catch (err) {
    if (err instanceof UserError) return { code: err.exitCode, text: err.message }
    return { code: EXIT.usage, text: 'not understood' }
  }
}

/** @throws UserError where no lab runs there */
export async function askLab(root: string, verb: Verb, args: readonly string[], signal: AbortSignal): Promise<Answer> {
  const asked = await within(ASK_MS, [signal], async over => {
    const socket = inFolder(root, () => connect(SOCKET))
    over.addEventListener('abort', () => socket.destroy())
    socket.end(JSON.stringify([verb, ...args]))
    return JSON.parse(await text(socket)) as Answer
  }).catch(err => {
    throw new UserError(`no lab runs in ${root}: start one with "make run"`, EXIT.unavailable, { cause: err })
  })
  if (asked.kind === 'done') return asked.value
  throw new UserError(`the lab in ${root} does not answer`, EXIT.unavailable)
}

function inFolder<T>(folder: string, run: () => T): T {
  const before = process.cwd()
  try {
    process.chdir(folder)
  } catch (err) {
    throw new UserError(`${folder} is not a lab's folder: ${errorCode(err)}`, EXIT.unavailable, { cause: err })
  }
  try {
    return run()
  } finally {
    process.chdir(before)
  }
}

export function isVerb(text: string | undefined): text is Verb {
  return VERBS.some(verb => verb === text)
}
