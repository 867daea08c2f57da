import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { Scrollback } from '../console/scrollback.ts'
import { ClockWatch } from './clock-watch.ts'
import { ConsoleTranscript } from './console-transcript.ts'
import { bytesOf } from './output-text.ts'
import { isOutput, parseEvent, type TranscriptRecord } from './record.ts'

const test = suite('transcript of a console')
const LIMIT = { timeoutMs: 60_000 }
const STARTED_MS = Date.UTC(2026, 0, 1)

async function directoryFor(context: TestContext): Promise<string> {
  return join(await scratchDirectory(context), 'core-sw1')
}

/** A transcript as a bridge that starts has it. */
function transcriptIn(context: TestContext, directory: string, { quotaBytes = 16_777_216, bootId = 'boot-1' } = {}) {
  let wallMs = STARTED_MS
  const times = new ClockWatch({ nowMs: () => 0, wallMs: () => wallMs }, () => true)
  const scrollback = new Scrollback(65_536)
  const troubles: (string | undefined)[] = []
  const transcript = new ConsoleTranscript({
    ...{ directory, scrollback, times, nowMs: () => 0, bootId, software: '1.2.3', quotaBytes },
    onPending: now => now && void transcript.write(),
    onTrouble: cause => troubles.push(cause),
  })
  context.cleanup(() => transcript.close())
  const says = async (output: string | Buffer) => {
    scrollback.append(Buffer.from(output as string))
    transcript.recorder.received()
    await transcript.flush()
  }
  const clockMoves = (byMs: number) => {
    wallMs += byMs
    const setByMs = times.check()
    if (setByMs !== 0) transcript.recorder.clockSet(setByMs)
  }
  return { transcript, says, troubles, clockMoves }
}

async function read(transcript: ConsoleTranscript, from = 0): Promise<TranscriptRecord[]> {
  const found: TranscriptRecord[] = []
  for await (const record of transcript.records(from)) found.push(record)
  return found
}

function output(records: TranscriptRecord[]): string {
  return Buffer.concat(records.filter(isOutput).map(({ text }) => bytesOf(text))).toString('latin1')
}

function events(records: TranscriptRecord[]): string[] {
  return records.filter(record => !isOutput(record)).map(({ kind, text }) => `${kind} ${parseEvent(text).what}`)
}

test(
  'what was said is read again, by this run and by the next one',
  async context => {
    const directory = await directoryFor(context)
    const first = transcriptIn(context, directory)
    await first.says('one\r\n')
    await first.transcript.close()
    const second = transcriptIn(context, directory)
    await second.says('two\r\n')
    const records = await read(second.transcript)
    assert.is(output(records), 'one\r\ntwo\r\n')
    assert.equal(events(records), ['bridge started', 'bridge stopped', 'bridge started'])
    for (const [at, { position, next }] of records.entries()) {
      assert.is(records[at + 1]?.position ?? second.transcript.end, next)
      assert.is((await read(second.transcript, position))[0]?.position, position)
    }
    assert.is((await stat(directory)).mode & 0o777, 0o700)
    for (const name of await readdir(directory)) assert.is((await stat(join(directory, name))).mode & 0o777, 0o600)
  },
  LIMIT,
)

for (const keep of [0, 1, 30, 31]) {
  test(
    `half a record that a power cut left, ${keep} bytes of it, is cut off, and a gap says so`,
    async context => {
      const directory = await directoryFor(context)
      const first = transcriptIn(context, directory)
      await first.says('one\r\n')
      const whole = first.transcript.end
      await first.says('lost\r\n')
      const path = join(directory, (await readdir(directory))[0] as string)
      await truncate(path, whole + keep)
      const second = transcriptIn(context, directory)
      await second.says('two\r\n')
      const records = await read(second.transcript)
      assert.is(output(records), 'one\r\ntwo\r\n')
      assert.equal(events(records), ['bridge started', 'gap missing', 'bridge started'])
      assert.not((await readFile(path, 'latin1')).includes('lost'))
    },
    LIMIT,
  )
}

test(
  'bytes of a bad block are passed over',
  async context => {
    const directory = await directoryFor(context)
    const first = transcriptIn(context, directory)
    await first.says('one\r\n')
    const path = join(directory, (await readdir(directory))[0] as string)
    await appendFile(path, Buffer.concat([Buffer.alloc(100_000), Buffer.from('\nnonsense\n')]))
    const second = transcriptIn(context, directory)
    await second.says('two\r\n')
    assert.is(output(await read(second.transcript)), 'one\r\ntwo\r\n')
  },
  LIMIT,
)

test(
  'keeps to its quota, by dropping the oldest',
  async context => {
    const directory = await directoryFor(context)
    const quotaBytes = 1_048_576
    const { transcript, says } = transcriptIn(context, directory, { quotaBytes })
    for (let at = 0; at < 80; at++) {
      await says(`${at} ${'x'.repeat(78)}\r\n`.repeat(500))
      const sizes = await Promise.all(
        (await readdir(directory)).map(async name => (await stat(join(directory, name))).size),
      )
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      assert.ok(bytes <= quotaBytes, `${bytes} bytes`)
      if (at > 40) assert.ok(bytes > quotaBytes * 0.8, `only ${bytes} bytes`)
    }
    const records = await read(transcript)
    assert.ok(transcript.start > 0)
    assert.is(records[0]?.position, transcript.start)
    assert.is(parseEvent(records[0]?.text ?? '').what, 'continues')
    assert.ok(output(records).endsWith(`79 ${'x'.repeat(78)}\r\n`))
  },
  LIMIT,
)

test(
  'times before the clock was set are corrected for this boot, and for no other',
  async context => {
    const directory = await directoryFor(context)
    const old = transcriptIn(context, directory, { bootId: 'boot-0' })
    await old.says('zero\n')
    await old.transcript.close()
    const first = transcriptIn(context, directory)
    await first.says('one\n')
    await first.transcript.close()
    const second = transcriptIn(context, directory)
    await second.says('two\n')
    second.clockMoves(3_600_000)
    await second.says('three\n')
    second.clockMoves(-1_800_000)
    await second.says('four\n')
    const found = (await read(second.transcript))
      .filter(isOutput)
      .map(
        ({ text, atMs, writtenMs }) =>
          `${bytesOf(text).toString().trim()} ${(atMs - STARTED_MS) / 1_000} ${(writtenMs - STARTED_MS) / 1_000}`,
      )
    assert.equal(found, ['zero 0 0', 'one 1800 0', 'two 1800 0', 'three 1800 3600', 'four 1800 1800'])
  },
  LIMIT,
)

test(
  'a disk that fails costs records only; when it works again, the records go on',
  async context => {
    const directory = await directoryFor(context)
    await writeFile(directory, 'a file in the place of the folder')
    const { transcript, says, troubles } = transcriptIn(context, directory)
    await says('one\n')
    await says('two\n')
    assert.is(troubles.length, 1)
    assert.match(troubles[0] ?? '', /\(EEXIST\)|\(ENOTDIR\)/)
    await rm(directory)
    await says('three\n')
    assert.is(troubles.length, 2)
    assert.is(troubles[1], undefined)
    assert.is(output(await read(transcript)), 'one\ntwo\nthree\n')
  },
  LIMIT,
)

test(
  'a transcript that somebody removes is begun anew',
  async context => {
    const directory = await directoryFor(context)
    const { transcript, says } = transcriptIn(context, directory)
    await says('one\n')
    await rm(directory, { recursive: true })
    await mkdir(directory)
    await transcript.close()
    await says('two\n')
    assert.match(output(await read(transcript)), /two\n$/)
  },
  LIMIT,
)

async function fullDisk(context: TestContext) {
  const root = await scratchDirectory(context)
  const mounted = await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', root])
  assert.is(mounted.code, 0, mounted.stderr)
  context.cleanup(async () => void (await runProgram('umount', ['-l', root])))
  const { transcript, says, troubles } = transcriptIn(context, join(root, 'core-sw1'))
  const line = `${'x'.repeat(98)}\r\n`
  let said = 0
  for (let at = 0; at < 100; at++) {
    await says(line.repeat(100))
    said += 100 * line.length
  }
  assert.equal(troubles, ['no space left on device (ENOSPC)'])
  await runProgram('mount', ['-o', 'remount,size=8m', root])
  await says('last\r\n')
  assert.equal(troubles, ['no space left on device (ENOSPC)', undefined])
  const records = await read(transcript)
  const gap = records.find(({ kind }) => kind === 'gap')
  const { fields } = parseEvent(gap?.text ?? '')
  assert.is(fields.cause, 'no space left on device (ENOSPC)')
  assert.is(output(records).length + Number(fields.bytes), said + 6)
  assert.ok(output(records).endsWith('last\r\n'))
}

const FULL = 'a full disk: memory stays bounded, and a gap says what is missing'
if (process.getuid?.() === 0) test(FULL, fullDisk, LIMIT)
else test.skip(FULL, 'needs root: it mounts a file system')

test.run()
