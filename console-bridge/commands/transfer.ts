/** `ssh core-sw1 xmodem send < ios.bin`, `xmodem receive > dump.bin`: a file between the client and the target. */
import { createReadStream } from 'node:fs'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecCommand } from '../../formats/exec-commands.ts'
import { errorMessage } from '../../runtime/errors.ts'
import { exitOfLoss, SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import type { TransferKind } from '../transfer/lrzsz.ts'
import { runLrzsz } from '../transfer/run-lrzsz.ts'
import { type CommandContext, type CommandStream, onConsole } from './command.ts'

/** On the disk; the unit has a private one, which systemd empties. */
const SPOOL = '/var/tmp/oobm-transfer-'
/** Bytes of a file: three hours at 115200 bit/s. */
const FILE_BOUND_BYTES = 134_217_728

export const transferCommand = onConsole<'xmodem'>(async (console, command, context) => {
  const { stream, visit, clock, signal } = context
  const { kind, file, atSpeed } = readKind(command)
  const isSend = kind.direction === 'send'
  if (stream.interactive) {
    const example = `ssh ${console.name} xmodem ${kind.direction} ${isSend ? '<' : '>'} FILE`
    return fails(
      context,
      `the file needs ${isSend ? 'standard input' : 'standard output'}: ${example}`,
      SESSION_EXIT.usage,
    )
  }
  const directory = await mkdtemp(SPOOL)
  try {
    if (isSend) {
      const problem = await takeFile(stream, join(directory, file))
      if (problem !== undefined) return await fails(context, problem, SESSION_EXIT.usage)
    }
    const why = await runLrzsz({
      ...{ kind, console, by: visit.person, directory, file, atSpeed, clock, gone: stream.gone, signal },
      report: text => void stream.complain(`[oobm: xmodem ${kind.direction}: ${text}]`),
    })
    if (!isSend) await giveFile(stream, directory)
    if (why) return await fails(context, why.text, signal.aborted ? SESSION_EXIT.unavailable : exitOfLoss(why.kind))
    await stream.complain(`[oobm: xmodem ${kind.direction}: the file is complete]`)
    return SESSION_EXIT.ok
  } catch (err) {
    return await fails(context, `no room for the file on the device: ${errorMessage(err)}`, SESSION_EXIT.unavailable)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

function readKind({ args, options }: ExecCommand<'xmodem'>): {
  kind: TransferKind
  file: string
  atSpeed: number | undefined
} {
  const direction = args.DIRECTION === 'receive' ? 'receive' : 'send'
  return {
    kind: { direction, isLong: options['1k'] === true },
    file: 'file',
    atSpeed: options.at === undefined ? undefined : Number(options.at),
  }
}

async function fails({ stream }: CommandContext, text: string, exitCode: SessionExit): Promise<SessionExit> {
  await stream.complain(`[oobm: ${text}]`)
  return exitCode
}

/** @returns what is wrong with the input */
async function takeFile(stream: CommandStream, path: string): Promise<string | undefined> {
  const file = await open(path, 'w', 0o600)
  let bytes = 0
  try {
    for await (const chunk of stream.input) {
      bytes += chunk.length
      if (bytes > FILE_BOUND_BYTES) return `the file is larger than ${FILE_BOUND_BYTES} bytes; nothing was sent`
      await file.write(chunk)
    }
  } finally {
    await file.close()
  }
  if (stream.gone.aborted) return 'cancelled; nothing was sent'
  return bytes === 0 ? 'standard input is empty; nothing was sent' : undefined
}

/** Also what came before a failure. */
async function giveFile(stream: CommandStream, directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    for await (const chunk of createReadStream(join(directory, name))) await stream.write(chunk as Buffer)
  }
}
