/** The voice: real recordings by eSpeak NG, played by the real aplay into a file (ALSA's plugin `file`), beside a real supervisor. */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ESPEAK, espeakArguments } from '../../device/speech/espeak.ts'
import { fixedSentences } from '../../device/speech/fixed-sentences.ts'
import { halved, lengthMs, readWav, type Sound, scaled } from '../../device/speech/wav.ts'
import { LANGUAGES, type Language } from '../../formats/languages.ts'
import type { SupervisorStatus } from '../../formats/status-file.ts'
import { stringifyToml } from '../../formats/toml-file.ts'
import { minimal, statusNow } from '../../supervisor/testing/device.ts'
import { startField } from '../../supervisor/testing/field.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { makeRecordings } from '../recordings.ts'
import { has } from './testing/has.ts'

const test = suite('oobm-say')
const LIMIT = { timeoutMs: 240_000 }
const SLOW = { timeoutMs: 90_000 }
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'
const VOLUME = 50

/** A sound card that keeps what it is given; while `busy` is there, it takes nothing and its program hangs. */
const soundCard = (root: string) => `
pcm.plughw {
  @args [ CARD DEV ]
  @args.CARD { type string }
  @args.DEV { type integer default 0 }
  type file
  slave.pcm { type null }
  format wav
  file "|while test -e ${root}/busy; do sleep 0.1; done; exec cat >${root}/heard/$$.wav"
}
`

async function site(context: TestContext, language: Language) {
  const root = await scratchDirectory(context)
  const at = (path: string) => join(root, path)
  for (const folder of ['run', 'say', 'provision', 'heard', 'sys/class/sound', 'sys/class/net/oobm0/device'])
    await mkdir(at(folder), { recursive: true })
  // The board's own card, and one that was plugged in.
  await mkdir(at('sys/devices/platform/soc/card0/pcmC0D0p'), { recursive: true })
  await mkdir(at('sys/devices/platform/usb1/card1/pcmC1D0p'), { recursive: true })
  await mkdir(at('sys/devices/platform/usb1/card1/pcmC1D0c'), { recursive: true })
  await symlink('../../devices/platform/soc/card0/pcmC0D0p', at('sys/class/sound/pcmC0D0p'))
  for (const name of ['pcmC1D0p', 'pcmC1D0c'])
    await symlink(`../../devices/platform/usb1/card1/${name}`, at(`sys/class/sound/${name}`))
  for (const { path, wav } of makeRecordings()) {
    await mkdir(at(`recordings/${path.slice(0, 2)}`), { recursive: true })
    await writeFile(at(`recordings/${path}`), wav)
  }
  await writeFile(at('asound.conf'), soundCard(root))
  await writeFile(at('provision/language'), `${language}\n`)
  const configure = (enabled: boolean) =>
    writeFile(at('device.toml'), stringifyToml({ ...minimal(HOST_KEY, {}), speech: { enabled, volume: VOLUME } }))
  await configure(true)
  const env = {
    ...process.env,
    ...{ RUNTIME_DIRECTORY: at('say'), OOBM_RUNTIME_DIRECTORY: at('run'), OOBM_CONFIG: at('device.toml') },
    ...{ OOBM_PROVISION_DIRECTORY: at('provision'), OOBM_SYSFS: at('sys'), OOBM_RECORDINGS: at('recordings') },
    ...{ OOBM_SAY_SOCKET: at('say/request.sock'), OOBM_ROOT: root, ALSA_CONFIG_PATH: at('asound.conf') },
  }
  const start = (more: Record<string, string> = {}, under: string[] = []) => {
    const [command = '', ...args] = [...under, process.execPath, ...programArgs('device/speech/main.ts')]
    const program = startProgram(command, args, { env: { ...env, ...more } })
    context.cleanup(() => program.stop())
    context.cleanup(() => rm(at('busy'), { force: true }))
    context.onFailure(program.output)
    return program
  }
  /** What was spoken, in order, as the log of the program has it. */
  const spoken = (output: string) =>
    [...output.matchAll(/^\{.*"msg":"spoken".*$/gm)].map(
      ([line]) => JSON.parse(line) as { text: string; engine: string; card: string; seconds: number; state: string },
    )
  const heard = async () => {
    const names = await readdir(at('heard'))
    return Promise.all(names.map(async name => written(await readFile(at(`heard/${name}`)))))
  }
  const status = (changes: Partial<SupervisorStatus>) =>
    writeFile(at('run/status.json'), JSON.stringify({ ...statusNow(), ...changes }))
  const oobm = (...args: string[]) =>
    runProgram(process.execPath, [...programArgs('device/main.ts'), ...args], { env, timeoutMs: 90_000 })
  return { at, env, start, spoken, heard, status, oobm, configure }
}

const sentences = (language: Language, ...names: (keyof ReturnType<typeof fixedSentences>)[]) =>
  names.map(name => fixedSentences(language)[name].text).join(language === 'en' ? ' ' : '')

if (!has('espeak-ng') || !has('aplay')) test.skip('the voice', 'needs espeak-ng and alsa-utils')
else {
  test(
    'every fixed sentence is recorded in both languages, of a length that fits its text, and not silent',
    () => {
      const recordings = makeRecordings()
      assert.equal(
        recordings.map(({ path }) => path),
        LANGUAGES.flatMap(language => Object.keys(fixedSentences(language)).map(name => `${language}/${name}.wav`)),
      )
      for (const { path, wav } of recordings) {
        const [language, name] = path.replace('.wav', '').split('/') as [Language, 'ready']
        const { text, kana } = fixedSentences(language)[name]
        const sound = readWav(wav)
        assert.is(sound.sampleRate, 11_025, path)
        // About 50 to 200 ms for a letter or a kana.
        const letters = (kana ?? text).length
        assert.ok(lengthMs(sound) > letters * 45 && lengthMs(sound) < letters * 250, `${path}: ${lengthMs(sound)} ms`)
        assert.ok(loudness(sound) > 1_000, `${path}: ${loudness(sound)}`)
      }
      const bytes = recordings.reduce((sum, { wav }) => sum + wav.length, 0)
      assert.ok(bytes < 4_500_000, `${bytes} bytes in the package`)
      assert.equal(
        makeRecordings().map(({ wav }) => wav.toString('latin1')),
        recordings.map(({ wav }) => wav.toString('latin1')),
        'the same each time',
      )
    },
    LIMIT,
  )

  test(
    'speaks addresses and state at the start, each change once, and the present again for `oobm say`',
    async context => {
      const site_ = await site(context, 'en')
      const { status, spoken, heard, at, oobm } = site_
      await status({ state: 'ready' })
      const isRoot = process.getuid?.() === 0
      const net =
        'ip link add oobm0 type veth peer name far && ip addr add 192.0.2.17/24 dev oobm0 && ip link set oobm0 up && ip link set far up && exec "$@"'
      const program = site_.start({}, isRoot ? ['unshare', '--net', 'sh', '-c', net, 'sh'] : [])
      await waitFor('the first words', () => spoken(program.output()).length > 0, SLOW)
      const [first] = spoken(program.output())
      const words = isRoot ? 'Address of the wired port: 1 9 2 dot, 0 dot, 2 dot, 1 7. ' : ''
      assert.equal(
        [first?.text, first?.card, first?.engine],
        [`${words}${sentences('en', 'ready', 'ready-remedy')}`, 'plughw:1,0', isRoot ? 'espeak-ng' : 'recordings'],
      )
      const sound = await waitFor('all of it to be heard', async () =>
        (await heard()).find(sound => isAsLong(sound, first?.seconds ?? 0)),
      )
      assert.ok(contains(sound, scaled(readWav(await readFile(at('recordings/en/ready.wav'))), VOLUME)))
      if (isRoot) {
        const file = at('number.wav')
        await runProgram(ESPEAK, espeakArguments('en', file), { input: '1 9 2 dot, 0 dot, 2 dot, 1 7.\n' })
        assert.ok(contains(sound, scaled(halved(readWav(await readFile(file))), VOLUME)), 'the address is heard')
      }
      await status({ state: 'no-relay' })
      await waitFor('the loss to be told', () => spoken(program.output()).length > 1, SLOW)
      assert.is(spoken(program.output())[1]?.text, sentences('en', 'lost', 'no-relay', 'no-relay-remedy'))
      assert.is(spoken(program.output())[1]?.engine, 'recordings')
      await status({ state: 'no-relay' })
      const { code, stdout } = await oobm('say')
      assert.equal([code, stdout], [0, `${words}${sentences('en', 'no-relay', 'no-relay-remedy')}\n`])
      assert.equal([spoken(program.output()).length, (await heard()).length], [3, 3], 'and nothing by itself again')
    },
    LIMIT,
  )

  test(
    'while the sound card hangs, the state moves on, and only the newest is told then; it ends when it is told to',
    async context => {
      const site_ = await site(context, 'ja')
      const { status, spoken, at } = site_
      await status({ state: 'ready' })
      await writeFile(at('busy'), '')
      const program = site_.start()
      await waitFor(
        'aplay to play',
        async () => (await runProgram('pgrep', ['-P', `${program.pid}`, 'aplay'])).code === 0,
        SLOW,
      )
      await status({ state: 'no-link' })
      await status({ state: 'refused' })
      await rm(at('busy'))
      await waitFor('both to be told', () => spoken(program.output()).length > 1, SLOW)
      assert.equal(
        spoken(program.output()).map(({ text }) => text),
        [sentences('ja', 'ready', 'ready-remedy'), sentences('ja', 'lost', 'refused', 'refused-remedy')],
      )
      await writeFile(at('busy'), '')
      await status({ state: 'maintenance' })
      await waitFor(
        'aplay to play',
        async () => (await runProgram('pgrep', ['-P', `${program.pid}`, 'aplay'])).code === 0,
        SLOW,
      )
      assert.equal(await program.stop(), { code: 0, signal: null })
    },
    LIMIT,
  )

  test(
    'a real supervisor beats and connects while the voice of its device hangs',
    async context => {
      const field = await startField(context)
      const device = await field.supervisor('a')
      await device.becomes('ready')
      const site_ = await site(context, 'en')
      await writeFile(site_.at('busy'), '')
      const program = site_.start({ OOBM_RUNTIME_DIRECTORY: device.runtime })
      await waitFor(
        'aplay to play',
        async () => (await runProgram('pgrep', ['-P', `${program.pid}`, 'aplay'])).code === 0,
        SLOW,
      )
      const beats = new Set<number>()
      await waitFor(
        'three heartbeats',
        async () => beats.add((await device.status())?.heartbeat.uptimeMs ?? 0).size > 3,
        SLOW,
      )
      await field.relay.stop()
      await device.becomes('no-relay', /./)
      await rm(site_.at('busy'))
      // A card that hung for too long was given up: then nothing is known to be lost.
      const lost = await waitFor(
        'the state to be told',
        () => site_.spoken(program.output()).find(({ state }) => state === 'no-relay'),
        SLOW,
      )
      assert.ok(lost.text.endsWith(sentences('en', 'no-relay', 'no-relay-remedy')), lost.text)
    },
    LIMIT,
  )

  test(
    'is silent where the configuration does not switch it on, and `oobm say` says what is missing',
    async context => {
      const site_ = await site(context, 'en')
      await site_.configure(false)
      await site_.status({ state: 'ready' })
      const off = site_.start()
      await waitFor('the program to end', off.ended)
      assert.is(off.child.exitCode, 0)
      assert.match(off.output(), '[speech] enabled = true switches it on')
      const { code, stderr } = await site_.oobm('say')
      assert.is(code, 69)
      assert.match(stderr, /needs a sound card, and "enabled = true" in \[speech\]/)
      await site_.configure(true)
      const program = site_.start()
      await waitFor('words', () => site_.spoken(program.output()).length > 0, SLOW)
      await rm(site_.at('sys/class/sound'), { recursive: true })
      await waitFor('the program to end with its last sound card', program.ended)
      assert.is(program.child.exitCode, 0)
      assert.equal(await readdir(site_.at('say')), [], 'nothing is left')
    },
    LIMIT,
  )

  test(
    'a sound card that fails is named, by the program and by `oobm say`',
    async context => {
      const site_ = await site(context, 'en')
      await writeFile(site_.at('asound.conf'), '')
      await site_.status({ state: 'ready' })
      const program = site_.start()
      await program.says(/could not speak/, SLOW.timeoutMs)
      const { code, stderr } = await site_.oobm('say')
      assert.is(code, 1)
      assert.match(stderr, /^nothing was spoken: aplay: .*audio open error/)
    },
    LIMIT,
  )
}

/** To a pipe, ALSA writes a header that does not know how much follows. */
function written(wav: Buffer): Sound {
  const size = wav.length - 44
  if (size < 0) return { sampleRate: 11_025, samples: new Int16Array() }
  const whole = Buffer.from(wav)
  whole.writeUInt32LE(size, 40)
  return readWav(whole)
}

/** A sound card takes whole periods: there may be some silence at the end. */
function isAsLong(sound: Sound, seconds: number): boolean {
  const moreMs = lengthMs(sound) - seconds * 1_000
  return moreMs > -2 && moreMs < 200
}

function loudness({ samples }: Sound): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
}

/** Whether a sound is a part of another, sample by sample. */
function contains(whole: Sound, part: Sound): boolean {
  const bytes = (of: Sound) => Buffer.from(of.samples.buffer, of.samples.byteOffset, of.samples.byteLength)
  return whole.sampleRate === part.sampleRate && bytes(whole).includes(bytes(part))
}

test.run()
