/** `ssh core-sw1 who`, `message`, `note` and `kick`: the people at a console. */
import { describeNote } from '../console/note.ts'
import { describeWho, kick, type PeopleAnswer, putNote, sendMessage } from '../console/people.ts'
import { SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { type CommandStream, onConsole, refused } from './command.ts'

export const whoCommand = onConsole<'who'>(async (console, _, { stream }) => {
  await stream.print(...describeWho(console))
  return SESSION_EXIT.ok
})

export const messageCommand = onConsole<'message'>(async (console, { rest = '' }, { visit, stream }) =>
  answer(sendMessage(console, visit.person, rest), stream),
)

export const noteCommand = onConsole<'note'>(async (console, { args, options }, { visit, stream }) => {
  if (options.clear && args.TEXT !== undefined) {
    await stream.complain('give a text or --clear, not both; nothing has changed')
    return SESSION_EXIT.usage
  }
  if (options.clear || args.TEXT !== undefined) {
    return answer(await putNote(console, visit.person, options.clear ? undefined : args.TEXT), stream)
  }
  await stream.print(console.note ? describeNote(console.note) : 'there is no note')
  return SESSION_EXIT.ok
})

export const kickCommand = onConsole<'kick'>(async (console, { args }, { visit, stream }) =>
  answer(await kick(console, visit.person, args.NAME ?? ''), stream),
)

async function answer(given: PeopleAnswer, stream: CommandStream): Promise<SessionExit> {
  if (!('done' in given)) return refused(given, stream)
  await stream.print(given.done)
  return SESSION_EXIT.ok
}
