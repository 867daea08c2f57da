/** The printed pages for field staff, as they are in docs/field/. */
import { LANGUAGES } from '../../formats/languages.ts'
import { fieldGuide } from './field-guide.ts'
import { ledCard } from './led-card.ts'

/** File without its ending → SVG. */
export function fieldPages(): Record<string, string> {
  const pages = LANGUAGES.flatMap(language => [
    [`field-guide.${language}`, fieldGuide(language)],
    [`led-card.${language}`, ledCard(language)],
  ])
  return Object.fromEntries(pages)
}
