/** The languages of what field staff read and hear. */
import * as z from 'zod'

export const LANGUAGES = ['en', 'ja'] as const
export type Language = (typeof LANGUAGES)[number]

export const languageSchema = z.enum(LANGUAGES, 'must be "en" or "ja"')

/** @param text such as the file of `oobm provision`; anything unknown is English */
export function languageOf(text: string | undefined): Language {
  return LANGUAGES.find(language => language === text?.trim()) ?? 'en'
}
