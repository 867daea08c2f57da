/** The files of the desk's page, which tools/bundle.ts makes: beside the bundled program, or in build/ for one from the source. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ledDeclarations, ledKeyframes } from '../../../../formats/led-style.ts'
import { STATE_NAMES } from '../../../../formats/states.ts'
import { EXIT, UserError } from '../../../../runtime/errors.ts'

export interface Asset {
  type: string
  content: Buffer
}

export interface DeskAssets {
  /** By path. The page itself is `/`. */
  files: ReadonlyMap<string, Asset>
  /** Where the package for terminals is looked for, beside the page. */
  folder: string
}

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/desk.js': ['desk.js', 'text/javascript; charset=utf-8'],
  '/desk.css': ['desk.css', 'text/css; charset=utf-8'],
} as const

/** @throws UserError where they are not installed */
export async function readAssets(folders: readonly string[] = assetFolders()): Promise<DeskAssets> {
  for (const folder of folders) {
    const read = async ([path, [name, type]]: [string, readonly [string, string]]) =>
      [path, { type, content: await readFile(join(folder, name)) }] as const
    const files = await Promise.all(Object.entries(FILES).map(read)).catch(() => undefined)
    if (files !== undefined) return { files: withLeds(new Map(files)), folder }
  }
  throw new UserError(
    'the page of the desk is not installed: install the package oobm-desk, or in the source, run "make build"',
    EXIT.unavailable,
  )
}

function assetFolders(): string[] {
  return [join(import.meta.dirname, 'desk'), join(import.meta.dirname, '../../../../build/lib/desk')]
}

/** The LED of each state blinks as the real one does. */
function withLeds(files: Map<string, Asset>): ReadonlyMap<string, Asset> {
  const leds = STATE_NAMES.map(state => {
    const name = `led-${state}`
    return `.${name} { ${ledDeclarations(state, name)} }\n${ledKeyframes(state, name)}\n`
  })
  const style = files.get('/desk.css')
  if (style) files.set('/desk.css', { ...style, content: Buffer.from(leds.join('') + style.content) })
  return files
}
