/** The authors and licences of what is in the bundle. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param bundle that of esbuild, which names each file that it took from a package */
export function copyright(template: string, license: string, bundle: string): string {
  const packages = [...bundle.matchAll(/^\s*\/\/ node_modules\/((?:@[^/]+\/)?[^/\n]+)\//gm)].map(
    match => match[1] ?? '',
  )
  const parts = [...new Set(packages)].sort().map(name => {
    const folder = join('node_modules', name)
    const file = readdirSync(folder).find(entry => /^licen[cs]e(\.(md|txt))?$/i.test(entry))
    if (file === undefined) throw new Error(`${name} is bundled, and has no licence file`)
    const text = readFileSync(join(folder, file), 'utf8')
    const isApache = /Apache License\s+Version 2\.0/.test(text)
    const holder = /^.*copyright.*\d.*$/im.exec(text)?.[0]?.trim() ?? `the authors of ${name}`
    const terms = isApache ? 'On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.' : text
    const label = isApache ? 'Apache-2.0' : name.replace(/[^A-Za-z0-9.-]/g, '-')
    return `\nFiles: bundled/${name}/*\nCopyright: ${holder}\nLicense: ${label}\n${indented(terms)}`
  })
  const ours = license.slice(license.indexOf('Permission is'))
  return template.replace('@LICENSE@\n', () => indented(ours)) + parts.join('')
}

function indented(text: string): string {
  return text
    .trim()
    .split(/\r?\n/)
    .map(line => ` ${line.trim() === '' ? '.' : line.trim()}\n`)
    .join('')
}
