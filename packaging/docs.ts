/** What docs/ takes from the schemas; `make docs` writes it, and a test holds the pages to it. */
import * as z from 'zod'
import { siteShape } from '../formats/site-config.ts'
import { fleetShape } from '../relay-config/fleet/fleet-schema.ts'
import { annotateExample } from './annotate-example.ts'

/** Path → what its text is to be. */
export const DOCS: Record<string, (text: string) => string> = {
  'docs/fleet.example.toml': text => annotateExample(text, fleetShape),
  'docs/provisioning.md': text =>
    text.replace(
      /(<!-- site: .*-->\n```toml\n)([\s\S]*?)(?=```)/,
      (_, head: string, example: string) => head + annotateExample(example, z.strictObject(siteShape)),
    ),
}
