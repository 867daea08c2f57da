/**
 * `start.cjs PROGRAM [ARGUMENT...]`: runs a program of this folder, with what V8 made of it earlier.
 * `start.cjs --make-code-cache PROGRAM` loads the program, keeps that, and ends.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { codeCachePath, readCodeCache, writeCodeCache } from './code-cache.ts'

const MAKE = '--make-code-cache'

const [node = '', start = '', ...rest] = process.argv
const isMaking = rest[0] === MAKE
const [name = '', ...args] = isMaking ? rest.slice(1) : rest
const program = join(dirname(start), `${name}.cjs`)
// The program must not see that something else started it.
process.argv = [node, program, ...args]
const source = readFileSync(program, 'utf8')
const cache = codeCachePath(program, source)
const known = cache === undefined || isMaking ? undefined : readCodeCache(cache)
const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`
const script = new Script(wrapped, { filename: program, ...(known ? { cachedData: known } : {}) })
const own = { exports: {} }
script.runInThisContext()(own.exports, createRequire(program), own, program, dirname(program))
if (isMaking) {
  if (cache === undefined) process.exit(1)
  // Now, with the functions that ran while it was loaded, and before it does anything.
  writeCodeCache(cache, script.createCachedData())
  process.exit(0)
}
