/** `oobm say`: the device speaks its state again. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type SpeechAnswer, speechAnswerSchema, speechSocketPath } from '../../formats/speech-request.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { within } from '../../runtime/waiting.ts'
import { defineCommand } from '../command.ts'

/** Milliseconds: an announcement that it is in the middle of, and this one. */
const ANSWER_MS = 300_000

export const sayCommand = defineCommand({
  summary: 'speak the present state, addresses and Wi-Fi name once more',
  details: ['Needs a sound card, and "enabled = true" in [speech] of the configuration (docs/speech.md).'],
  exitCodes: {
    0: 'It was spoken to its end, as far as the sound card says.',
    1: 'The sound card or the voice failed, or it took too long.',
    69: 'Nothing speaks on this device: no sound card, or it is switched off.',
  },
  run: async ({ env, print, signal }) => {
    const outcome = await within(ANSWER_MS, [signal], over => ask(speechSocketPath(env), over))
    if (outcome.kind !== 'done') throw new UserError('nothing is known: oobm-say did not answer in time')
    const answer = outcome.value
    if (answer.result === 'failed') throw new UserError(`nothing was spoken: ${answer.cause}`)
    print(answer.text)
    return EXIT.ok
  },
})

async function ask(path: string, signal: AbortSignal): Promise<SpeechAnswer> {
  const socket = connect({ path, signal })
  try {
    const answer = speechAnswerSchema.safeParse(JSON.parse(await text(socket)))
    if (answer.success) return answer.data
  } catch (err) {
    if (errorCode(err) === 'ENOENT' || errorCode(err) === 'ECONNREFUSED')
      throw new UserError(
        'oobm-say is not running: it needs a sound card, and "enabled = true" in [speech]; see "systemctl status oobm-say"',
        EXIT.unavailable,
      )
    if (!(err instanceof SyntaxError)) throw new UserError(`oobm-say: ${errorMessage(err)}`)
  } finally {
    socket.destroy()
  }
  throw new UserError('oobm-say ended before it had spoken; see "journalctl -u oobm-say"')
}
