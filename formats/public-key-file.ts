/** Public keys as people have them: OpenSSH's lines, in any encoding of Windows, and what PuTTYgen saves; pure. */
import { EXIT, UserError } from '../runtime/errors.ts'
import { foreignKeyProblem } from './foreign-key.ts'
import { publicKeySchema } from './names.ts'
import { readString } from './ssh-key.ts'

export interface NamedKey {
  /** Type and base64. */
  key: string
  /** What its owner calls it; empty when it has none that can be shown. */
  comment: string
}

/**
 * @param file its name in messages
 * @param text as decodeText gave it
 * @returns at least one key
 * @throws UserError for a text that is not a public key; it repeats nothing of a private one
 */
export function readPublicKeys(file: string, text: string): NamedKey[] {
  const foreign = foreignKeyProblem(text)
  if (foreign !== undefined) throw new UserError(`${file} ${foreign}`, EXIT.usage)
  const keys = [...text.matchAll(SSH2_BLOCK)].map(([, body = '']) => {
    const { line, comment } = readSsh2Block(body)
    return { key: parseKey(file, line), comment: printableComment(comment) }
  })
  const lines = text.replace(SSH2_BLOCK, '').split('\n')
  for (const [at, line] of lines.entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue
    const [, , ...comment] = line.trim().split(/[ \t]+/)
    keys.push({ key: parseKey(`${file}, line ${at + 1}`, line), comment: printableComment(comment.join(' ')) })
  }
  if (keys.length === 0) throw new UserError(`${file} holds no public key`, EXIT.usage)
  return keys
}

const SSH2_BLOCK = /^---- BEGIN SSH2 PUBLIC KEY ----[ \t]*\n([\s\S]*?)^---- END SSH2 PUBLIC KEY ----[ \t]*(?:\n|$)/gm

/** RFC 4716: headers, where a line that ends with a backslash goes on in the next; then base64. */
function readSsh2Block(body: string): { line: string; comment: string } {
  const lines = body.replace(/\\\n/g, '').split('\n')
  const isHeader = (line: string) => /^[^:\s]{1,64}:\s/.test(line)
  const comment = lines.find(line => /^comment:/i.test(line))?.replace(/^comment:\s*/i, '') ?? ''
  const base64 = lines
    .filter(line => !isHeader(line))
    .join('')
    .replace(/\s/g, '')
  const type = readString(Buffer.from(base64, 'base64'), 0)?.value.toString('latin1') ?? ''
  return { line: `${type} ${base64}`, comment: comment.replace(/^"(.*)"$/, '$1') }
}

function parseKey(where: string, line: string): string {
  const parsed = publicKeySchema.safeParse(line)
  if (parsed.success) return parsed.data
  throw new UserError(`${where}: ${parsed.error.issues[0]?.message}`, EXIT.usage)
}

function printableComment(comment: string): string {
  return /^[\x20-\x7e]+$/.test(comment) ? comment : ''
}
