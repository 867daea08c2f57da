/** Which part of a transcript a visitor may read. */
import type { Console } from '../console/console.ts'
import { type Past, pastOf } from '../session/past.ts'
import { mayReadFrom } from '../transcript/may-read.ts'
import type { CommandServices } from './command.ts'
import type { Visit } from './visit.ts'

/** @returns the position; or why nothing may be read, as a sentence */
export function readableFrom(
  visit: Visit,
  console: Console,
  { transcripts, technicians }: Pick<CommandServices, 'transcripts' | 'technicians'>,
): number | string {
  return mayReadFrom(
    { ...visit.person, isDevice: visit.isDevice },
    {
      ...{ logRole: console.config.logRole, technicians },
      sinceFor: technician => transcripts.sinceFor(technician, console.name),
    },
  )
}

/** @returns undefined without a transcript, and where nothing of it may be read */
export function pastFor(
  visit: Visit,
  console: Console,
  services: Pick<CommandServices, 'transcripts' | 'technicians'>,
): Past | undefined {
  const transcript = services.transcripts.of(console.name)
  const from = readableFrom(visit, console, services)
  return transcript && typeof from === 'number' ? pastOf(transcript, from) : undefined
}
