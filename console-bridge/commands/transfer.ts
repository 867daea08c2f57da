/**
 * `ssh core-sw1 xmodem send < ios.bin`, `ymodem send ios.bin < ios.bin`, `xmodem receive > dump.bin`: a file between the
 * client and the target. It is on the device meanwhile, so that a slow connection does not disturb the transfer.
 */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { ExecCommand } from '../../formats/exec-commands.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Console } from '../console/console.ts'
import { exitOfLoss, SESSION_EXIT, type SessionExit } from '../session/exit-codes.ts'
import { BoundedFile } from '../transfer/bounded-file.ts'
import { oneFile } from '../transfer/one-file.ts'
import { type Protocol, receiveFiles } from '../transfer/receive-files.ts'
import { runTransfer, type TransferJob } from '../transfer/run-transfer.ts'
import { sendFile } from '../transfer/send-file.ts'
import { type CommandContext, type CommandStream, onConsole } from './command.ts'

export const xmodemCommand = onConsole<'xmodem'>((console, command, context) =>
  transfer(console, context, command, { protocol: 'xmodem', isLong: command.options['1k'] === true, name: undefined }),
)

export const ymodemCommand = onConsole<'ymodem'>((console, command, context) =>
  transfer(console, context, command, { protocol: 'ymodem', isLong: true, name: command.args.NAME }),
)

interface Wanted {
  protocol: Protocol
  isLong: boolean
  /** What the target is to call the file. */
  name: string | undefined
}

type Exchange = TransferJob['exchange']

async function transfer(
  console: Console,
  context: CommandContext,
  { args, options }: ExecCommand<'xmodem'> | ExecCommand<'ymodem'>,
  { protocol, isLong, name }: Wanted,
): Promise<SessionExit> {
  const { stream, places, visit, clock, signal } = context
  const isSend = args.DIRECTION === 'send'
  const what = [protocol, args.DIRECTION, ...(name === undefined ? [] : [name])].join(' ')
  const say = (text: string) => stream.complain(`[oobm: ${what}: ${text}]`)
  const fails = async (text: string, exitCode: SessionExit) => {
    await stream.complain(`[oobm: ${text}]`)
    return exitCode
  }
  const usage = usageProblem(console.name, protocol, isSend, name, stream)
  if (usage !== undefined) return fails(usage, SESSION_EXIT.usage)
  const run = async (exchange: Exchange) => {
    const why = await runTransfer({
      ...{ console, by: visit.person, what, atSpeed: options.at === undefined ? undefined : Number(options.at) },
      ...{ clock, gone: stream.gone, signal, exchange, report: text => void say(text) },
    })
    if (why) return fails(why.text, signal.aborted ? SESSION_EXIT.unavailable : exitOfLoss(why.kind))
    await say('the file is complete')
    return SESSION_EXIT.ok
  }
  try {
    return await places.spool.folder(directory => (isSend ? send(directory) : receive(directory)))
  } catch (err) {
    return await fails(`the device cannot store the file: ${errorMessage(err)}`, SESSION_EXIT.unavailable)
  }

  async function send(directory: string): Promise<SessionExit> {
    const file = name ?? 'file'
    const taken = await takeFile(stream, join(directory, file))
    if ('problem' in taken) return fails(`${taken.problem}; nothing was sent`, taken.exitCode)
    return run(wire => sendFile(wire, { protocol, isLong, directory, file, size: taken.bytes }))
  }

  async function receive(directory: string): Promise<SessionExit> {
    const file = oneFile(join(directory, 'file'))
    const exit = await run(wire => receiveFiles(protocol, wire, file)).finally(() => file.close())
    // Also what came before a failure.
    if (file.path !== undefined) {
      for await (const chunk of createReadStream(file.path)) await stream.write(chunk as Buffer)
    }
    return exit
  }
}

function usageProblem(
  console: string,
  protocol: Protocol,
  isSend: boolean,
  name: string | undefined,
  { interactive }: CommandStream,
): string | undefined {
  const sends = protocol === 'ymodem' ? 'ymodem send ios.bin < ios.bin' : 'xmodem send < ios.bin'
  const example = `ssh ${console} ${isSend ? sends : `${protocol} receive > dump.bin`}`
  if (isSend && protocol === 'ymodem' && name === undefined) {
    return `NAME is missing, which the target gets with the file: ${example}`
  }
  if (!isSend && name !== undefined) return `unexpected argument "${name}": the target names the file: ${example}`
  if (interactive) return `the file needs standard ${isSend ? 'input' : 'output'} without a terminal: ${example}`
  return undefined
}

async function takeFile(
  stream: CommandStream,
  path: string,
): Promise<{ bytes: number } | { problem: string; exitCode: SessionExit }> {
  const file = await BoundedFile.create(path, 0o600)
  try {
    for await (const chunk of stream.input) {
      const problem = await file.write(chunk)
      if (problem !== undefined) return { problem, exitCode: SESSION_EXIT.unavailable }
    }
  } finally {
    await file.close()
  }
  if (stream.gone.aborted) return { problem: 'cancelled', exitCode: SESSION_EXIT.notSent }
  if (file.bytes === 0) return { problem: 'standard input is empty', exitCode: SESSION_EXIT.usage }
  return { bytes: file.bytes }
}
