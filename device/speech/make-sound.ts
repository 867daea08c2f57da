/** Parts of an announcement → sound: recordings, and a voice for what cannot be recorded. */
import { access, constants, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sentence } from '../../formats/field-sentences.ts'
import type { Language } from '../../formats/languages.ts'
import { errorCode } from '../../runtime/errors.ts'
import { ESPEAK, espeakArguments, espeakText } from './espeak.ts'
import { fixedSentences } from './fixed-sentences.ts'
import { runVoice } from './run-voice.ts'
import { halved, joined, readWav, type Sound } from './wav.ts'
import type { Part } from './what-to-say.ts'

/** A part is some seconds long; a board of ARMv6 makes speech about as fast as it is spoken. */
const PART_MS = 30_000
const WHOLE_MS = 120_000

export interface VoiceOptions {
  language: Language
  /** Folder with a folder of recordings for each language. */
  recordings: string
  /** Where files of a moment go. */
  scratch: string
  /** Where the dictionary and the voices of Open JTalk are, if it is installed. */
  root: string
  signal: AbortSignal
}

export interface Announcement {
  sound: Sound
  /** Who made what was not recorded. */
  engine: 'recordings' | 'espeak-ng' | 'open_jtalk'
}

export function textOf(parts: readonly Part[], language: Language): string {
  const fixed = fixedSentences(language)
  return parts.map(part => sentenceOf(part, fixed).text).join(language === 'en' ? ' ' : '')
}

/** @throws Error where a recording cannot be used, or a voice fails */
export async function makeSound(parts: readonly Part[], options: VoiceOptions): Promise<Announcement> {
  const voice = options.language === 'ja' ? await findOpenJtalk(options.root) : undefined
  // One voice for all of it: it reads the whole text, kanji too.
  if (voice !== undefined) return { sound: await byOpenJtalk(parts, voice, options), engine: 'open_jtalk' }
  const fixed = fixedSentences(options.language)
  const sounds: Sound[] = []
  let engine: Announcement['engine'] = 'recordings'
  for (const part of parts) {
    const recording = typeof part === 'string' ? await readRecording(part, options) : undefined
    if (recording === undefined) engine = 'espeak-ng'
    sounds.push(recording ?? (await byEspeak(sentenceOf(part, fixed), options)))
  }
  return { sound: joined(sounds), engine }
}

function sentenceOf(part: Part, fixed: ReturnType<typeof fixedSentences>): Sentence {
  return typeof part === 'string' ? fixed[part] : part
}

/** @returns undefined where there is none: a voice says it then */
async function readRecording(name: string, { recordings, language }: VoiceOptions): Promise<Sound | undefined> {
  const file = join(recordings, language, `${name}.wav`)
  try {
    return readWav(await readFile(file))
  } catch (err) {
    if (errorCode(err) === 'ENOENT') return undefined
    throw new Error(`${file}: ${err instanceof Error ? err.message : String(err)}`)
  }
}

async function byEspeak(sentence: Sentence, { language, scratch, signal }: VoiceOptions): Promise<Sound> {
  const file = join(scratch, 'part.wav')
  const args = espeakArguments(language, file)
  await runVoice(ESPEAK, args, PART_MS, signal, espeakText(sentence))
  return halved(await taken(file))
}

interface OpenJtalk {
  dictionary: string
  voice: string
}

/** Debian puts the dictionary there; voices are where its packages of voices, or an operator, put them. */
const DICTIONARY = 'var/lib/mecab/dic/open-jtalk/naist-jdic'
const VOICES = 'usr/share/hts-voice'
const OPEN_JTALK = 'usr/bin/open_jtalk'

async function findOpenJtalk(root: string): Promise<OpenJtalk | undefined> {
  const dictionary = join(root, DICTIONARY)
  const isThere = await Promise.all([
    access(join(root, OPEN_JTALK), constants.X_OK),
    access(join(dictionary, 'sys.dic')),
  ]).catch(() => undefined)
  if (isThere === undefined) return undefined
  const names = await readdir(join(root, VOICES), { recursive: true }).catch((): string[] => [])
  const [voice] = names.filter(name => name.endsWith('.htsvoice')).sort()
  return voice === undefined ? undefined : { dictionary, voice: join(root, VOICES, voice) }
}

async function byOpenJtalk(
  parts: readonly Part[],
  { dictionary, voice }: OpenJtalk,
  { language, scratch, root, signal }: VoiceOptions,
): Promise<Sound> {
  const file = join(scratch, 'part.wav')
  const args = ['-x', dictionary, '-m', voice, '-ow', file]
  await runVoice(join(root, OPEN_JTALK), args, WHOLE_MS, signal, `${textOf(parts, language)}\n`)
  return taken(file)
}

async function taken(file: string): Promise<Sound> {
  try {
    return readWav(await readFile(file))
  } finally {
    await rm(file, { force: true })
  }
}
