/** The voice by a USB sound card that is plugged in: the kernel's driver, ALSA, and what QEMU's card was given to play. */
import { readWav, type Sound } from '../../../device/speech/wav.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Case, Steps } from '../../case.ts'
import { envelope, likeness } from './likeness.ts'
import type { Stage } from './start.ts'

export const VOICE: Case<Stage> = { name: 'voice', run: voice }

/** A sentence of another language, or of another state, has about 0.4. */
const ALIKE = 0.8
const SPEAK_MS = 300_000

interface Spoken {
  state: string
  text: string
  card: string
  engine: string
  seconds: number
}

async function voice(stage: Stage, { essential, step }: Steps): Promise<undefined> {
  const { board, plugSoundCardIn, settle } = stage
  await essential(
    'a sound card that is plugged in says nothing without being asked for, and starts no program',
    async () => {
      await plugSoundCardIn()
      await waitFor('the card', async () => (await board.sh('ls /dev/snd 2>/dev/null || true')).includes('pcmC0D0p'), {
        timeoutMs: SPEAK_MS,
      })
      await board.sh('udevadm settle')
      const started = await board.sh('systemctl show -P ExecMainPID oobm-say')
      if (started !== '0') throw new Error('oobm-say was started')
      return await board.sh('cat /proc/asound/cards | head -n 1')
    },
  )
  let said: Spoken | undefined
  await essential('switched on in the configuration, it speaks at once', async () => {
    await settle('[speech]\nenabled = true\n')
    said = await waitFor('the first words', async () => (await spoken(board)).at(-1), { timeoutMs: SPEAK_MS })
    return `${said.card}, ${said.engine}, ${said.seconds.toFixed(1)} s: ${said.text}`
  })
  await step('what the card was given is the recording of this state', async () => {
    const state = said?.state ?? ''
    const recording = readWav(
      Buffer.from(await board.sh(`base64 -w0 /usr/share/oobm/speech/en/${state}.wav`), 'base64'),
    )
    const other = readWav(Buffer.from(await board.sh(`base64 -w0 /usr/share/oobm/speech/en/no-relay.wav`), 'base64'))
    const heard = await stage.heard().then(written)
    const [mine, others] = [likeness(envelope(heard), envelope(recording)), likeness(envelope(heard), envelope(other))]
    if (mine < ALIKE || others >= ALIKE)
      throw new Error(`likeness ${mine.toFixed(2)}, of another sentence ${others.toFixed(2)}`)
    return `likeness ${mine.toFixed(2)}, of another sentence ${others.toFixed(2)}`
  })
  await step('`oobm say` says it again', async () => board.sh('oobm say'))
  await step('units', async () => {
    const failed = await board.sh('systemctl --failed --no-legend --plain')
    if (failed !== '') throw new Error(failed)
    return 'none failed'
  })
  return undefined
}

async function spoken({ sh }: Stage['board']): Promise<Spoken[]> {
  const lines = await sh('journalctl -q -o cat -u oobm-say | grep \'"msg":"spoken"\' || true')
  return lines.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as Spoken]))
}

/** A file that QEMU still writes has a header that does not know how much follows; the left channel alone. */
function written(wav: Buffer): Sound {
  const whole = Buffer.from(wav)
  const channels = whole.readUInt16LE(22)
  const frames = Math.floor((whole.length - 44) / (2 * channels))
  const samples = Int16Array.from({ length: frames }, (_, frame) => whole.readInt16LE(44 + 2 * channels * frame))
  return { sampleRate: whole.readUInt32LE(24), samples }
}
