/** Power cuts while a console is recorded: what its transcript has afterwards, against what the target sent. */
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { runProgram } from '../../../testbed/run-program.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Steps } from '../../case.ts'
import { type Board, CONSOLE, cardOf, connectTo, QUOTA_BYTES, type Stage, startBoard, switchOn } from './board.ts'
import { CountedStream, FLOOD, TRICKLE } from './counted-stream.ts'

/** Milliseconds after which what was said is on the card (docs/transcript.md). */
const BOUND_MS = 5_000
/** Milliseconds of output before a cut, at least and at most: it comes at any moment between two syncs. */
const [SAYS_MIN_MS, SAYS_MAX_MS] = [8_000, 20_000]
/** Of every so many starts, one is cut before the console is open; the share of the start that passes before. */
const [CUT_START_EVERY, START_FROM] = [3, 0.4]
const LAG_PACE_MS = 500
const TAIL_BYTES = 400
const FOLDER = `/var/lib/oobm-console/transcript/${CONSOLE}`
/** What a whole line of output is, for grep -E (docs/transcript.md). */
const OUTPUT = String.raw`^[^ ]{24} (sync|guess) (out|part) ([^\\]|\\\\|\\x[0-9a-f]{2}|\\\+[0-9]+;)*$`

export async function cutTranscript(stage: Stage, steps: Steps, cuts: number): Promise<undefined> {
  const start = { ...steps, card: await cardOf(stage, steps), adapter: 'plugged' as const, volatileCard: true }
  const stream = new CountedStream()
  const lostMs: number[] = []
  const powerOnMs = performance.now()
  let board = await startBoard(start)
  let startMs = 0
  await steps.essential('the quota is reached', async () => {
    await board.untilOpen(CONSOLE)
    startMs = performance.now() - powerOnMs
    const socket = await connectTo(board.machine.adapterSocket)
    const floodMs = performance.now()
    await stream.flood(socket, QUOTA_BYTES)
    await waitFor('all of it in the log', async () => (await readLog(board, stream)).end === stream.length, {
      timeoutMs: 300_000,
      paceMs: 2_000,
    })
    socket.destroy()
    const perSecond = stream.length / (performance.now() - floodMs)
    return `${stream.length} bytes were sent, at ${perSecond.toFixed(0)} KB/s, ${await checkFiles(board)} are on the card`
  })
  for (let cut = 1; cut <= cuts; cut++) {
    const saysMs = Math.round(SAYS_MIN_MS + Math.random() * (SAYS_MAX_MS - SAYS_MIN_MS))
    const isStartCut = cut % CUT_START_EVERY === 0
    // A file that is full is synced, too, and a flood fills one every few seconds: a trickle shows what the clock does.
    const pace = cut % 2 === 1 ? FLOOD : TRICKLE
    const name = `cut ${cut}, after ${(saysMs / 1000).toFixed(1)} s of ${pace === FLOOD ? 'a flood' : 'a trickle'}${isStartCut ? ', and in the next start' : ''}`
    await steps.essential(name, async () => {
      const from = stream.length
      const socket = await connectTo(board.machine.adapterSocket)
      const end = new AbortController()
      const saying = stream.keepSending(socket, pace, end.signal)
      const lagMs = await lagWhile(board, delay(saysMs))
      end.abort()
      await saying
      const arrived = stream.length - socket.writableLength - (await backlogOf(board.machine.adapterSocket))
      await board.machine.cutPower()
      socket.destroy()
      if (isStartCut) {
        const machine = await switchOn(start)
        await delay(startMs * (START_FROM + Math.random() * (1 - START_FROM)))
        await machine.cutPower()
      }
      board = await startBoard(start)
      await board.untilOpen(CONSOLE)
      const found = await readLog(board, stream)
      if (found.end < from) throw new Error(`${from - found.end} bytes from before the last start are gone`)
      const lost = arrived - found.end
      if (lost > 0 && !found.isMarked) throw new Error(`${lost} bytes are lost, and no gap says so`)
      const ageMs = lost <= 0 ? 0 : stream.sentAtMs(arrived - 1) - stream.sentAtMs(found.end)
      lostMs.push(ageMs)
      if (ageMs > BOUND_MS + lagMs)
        throw new Error(`${lost} bytes are lost, the first of them said ${Math.round(ageMs)} ms before the cut`)
      const said = arrived - from
      stream.cutAt(found.end)
      return `of ${said} bytes (${(said / saysMs).toFixed(1)} KB/s) the last ${Math.round(ageMs)} ms are lost (${Math.max(0, lost)} bytes); ${await checkFiles(board)} bytes on the card; lag ${Math.round(lagMs)} ms`
    })
  }
  steps.note(`lost at most: ${Math.round(Math.max(...lostMs))} ms`)
  return undefined
}

/** @returns the longest time that the board took for an answer to nothing: its clock says nothing about an emulator that waits */
async function lagWhile({ sh }: Board, during: Promise<unknown>): Promise<number> {
  let isOver = false
  void during.then(() => {
    isOver = true
  })
  let lagMs = 0
  while (!isOver) {
    const askedMs = performance.now()
    await sh(':')
    lagMs = Math.max(lagMs, performance.now() - askedMs)
    await delay(LAG_PACE_MS)
  }
  return lagMs
}

/** @returns bytes that wait in a socket of QEMU's: the adapter has not taken them (ss(8), Recv-Q) */
async function backlogOf(path: string): Promise<number> {
  const { stdout } = await runProgram('ss', ['-xHn', 'src', path])
  const [, bytes] = /^\S+\s+ESTAB\s+(\d+) /m.exec(stdout) ?? []
  if (bytes === undefined) throw new Error(`ss does not know ${path}: ${stdout}`)
  return Number(bytes)
}

/**
 * `log --raw` of all that there is.
 * @returns the place in the stream at which it ends
 * @throws where it is no part of the stream
 */
async function readLog({ sh }: Board, stream: CountedStream): Promise<{ end: number; isMarked: boolean }> {
  const said = await sh(
    `oobm console log ${CONSOLE} --raw --since 1d 2>/run/raw.err >/run/raw || { cat /run/raw.err; journalctl -b -u oobm-console -n 30 --no-pager; exit 1; }; stat -c %s /run/raw && sha256sum </run/raw && tail -c ${TAIL_BYTES} /run/raw | base64 -w 0 && echo && cat /run/raw.err`,
  )
  const [size = '', hash = '', tail = '', ...notes] = said.split('\n')
  const [bytes, length, last] = [stream.bytes, Number(size), Buffer.from(tail, 'base64')]
  const end = bytes.lastIndexOf(last) + last.length
  const part = bytes.subarray(end - length, end)
  if (end < length || last.length === 0)
    throw new Error(`the log ends with what was not sent: ${JSON.stringify(`${last}`)}`)
  if (createHash('sha256').update(part).digest('hex') !== hash.split(' ')[0])
    throw new Error(`the ${length} bytes of the log are not the ${length} that were sent before its end`)
  return { end, isMarked: notes.some(note => /some seconds of output before this may be missing/.test(note)) }
}

/** @returns how many bytes the transcript has on the card @throws where they are too many, or a record of output is not whole */
async function checkFiles({ sh }: Board): Promise<number> {
  const bytes = Number(await sh(`cat ${FOLDER}/*.log | wc -c`))
  if (!(bytes > QUOTA_BYTES / 2 && bytes <= QUOTA_BYTES)) throw new Error(`${bytes} bytes, of ${QUOTA_BYTES}`)
  const torn = await sh(
    `cat ${FOLDER}/*.log | LC_ALL=C grep -aE '^[^ ]{24} [a-z]+ (out|part) ' | LC_ALL=C grep -avE '${OUTPUT}' | head -n 3; cat ${FOLDER}/*.log | LC_ALL=C grep -avE '^[^ ]{24} (sync|guess) [a-z]+ ' | head -n 3`,
  )
  if (torn !== '') throw new Error(`torn records: ${torn}`)
  return bytes
}
