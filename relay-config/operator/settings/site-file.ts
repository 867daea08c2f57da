/** The settings of a site that `--with` adds to a document: Wi-Fi, addresses, time zone, and the relay's password. */
import { resolve } from 'node:path'
import * as z from 'zod'
import { connectivitySchema, SITE_LISTS } from '../../../formats/settings-document.ts'
import { siteShape } from '../../../formats/site-config.ts'
import { checkValue, locate, readToml } from '../../../formats/toml-file.ts'
import { ConfigurationError, EXIT } from '../../../runtime/errors.ts'
import { readTextFile } from '../../../runtime/text-file.ts'

/** Without what must be there together: a device may have the rest. */
const schema = z.strictObject({
  version: z.literal(1).optional(),
  ...siteShape,
  secrets: connectivitySchema.shape.secrets,
})

/** Keys in camelCase, secrets in plain. @throws ConfigurationError with everything that is wrong */
export async function readSiteFile(path: string): Promise<Record<string, unknown>> {
  const file = resolve(path)
  const text = await readTextFile(file, EXIT.configuration)
  const { version, ...site } = readToml(file, text)
  const checked = checkValue({ ...(version !== undefined && { version }), ...withoutRemovals(site) }, schema)
  if (!('problems' in checked)) return site
  const issues = checked.problems.map(problem => locate(text, problem))
  throw new ConfigurationError(file, issues)
}

/** What is only taken away has nothing else to check. */
function withoutRemovals(site: Record<string, unknown>): Record<string, unknown> {
  const lists = Object.keys(SITE_LISTS).flatMap(list => {
    const entries = site[list]
    return Array.isArray(entries) ? [[list, entries.filter(entry => entry?.remove !== true)]] : []
  })
  return { ...site, ...Object.fromEntries(lists) }
}
