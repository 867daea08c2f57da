/** A TFTP server at one address (RFC 1350): answers each request from a port of its own. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import type { Clock } from '../../runtime/clock.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { openServed } from '../served/open-served.ts'
import { receiveUpload, type UploadPlace, UploadRefused } from '../served/receive-upload.ts'
import { uploadName } from '../served/served-path.ts'
import type { End, Transfers } from '../transfers.ts'
import { agree } from './options.ts'
import { parsePacket, TFTP_ERROR, type TftpErrorCode, type TftpRequest } from './packets.ts'
import { Peer } from './peer.ts'
import { sendFile } from './send-file.ts'
import { takeFile } from './take-file.ts'

export interface TftpOptions {
  address: string
  port: number
  /** What is served, and where uploads go; undefined where none are taken. */
  read: string
  upload: UploadPlace | undefined
  /** Whether this one is beside us, on the network of this address. */
  isBeside(client: string): boolean
  transfers: Transfers
  clock: Clock
  signal: AbortSignal
  log: Logger
}

const REFUSED_CODES = { name: TFTP_ERROR.denied, full: TFTP_ERROR.full } as const

/** Resolves with the port when it listens; ends with its signal. `done` then waits for the transfers. @throws a system error */
export async function serveTftp(options: TftpOptions): Promise<{ port: number; done(): Promise<void> }> {
  const { address, port, isBeside, signal, log } = options
  const socket = createSocket('udp4')
  const serving = new Map<string, Promise<void>>()
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind({ address, port }, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  socket.on('error', err => log.warn({ err }, 'TFTP socket'))
  socket.on('message', (bytes, from) => {
    const packet = parsePacket(bytes)
    // Nothing else than a request comes to this port, and an answer to what is none could be asked for in another’s name.
    if (packet?.kind !== 'read' && packet?.kind !== 'write' && packet?.kind !== 'bad') return
    if (signal.aborted || !isBeside(from.address)) return
    // A request that is sent again while it is being served.
    const who = `${from.address}:${from.port}`
    if (serving.has(who)) return
    const refusal = packet.kind === 'bad' ? packet.why : options.transfers.refusal('tftp', from.address)
    // As many are answered as may run: requests cost a socket each.
    if (serving.size > 2 * MAX_ANSWERS) return
    const work =
      packet.kind === 'bad' || refusal !== undefined
        ? refuse(options, from, packet.kind === 'bad' ? '-' : packet.file, TFTP_ERROR.other, refusal ?? '')
        : serve(options, packet, from)
    serving.set(
      who,
      work
        .catch(err => log.warn({ err: errorMessage(err), client: from.address }, 'a TFTP transfer failed'))
        .finally(() => serving.delete(who)),
    )
  })
  signal.addEventListener('abort', () => socket.close())
  return {
    port: socket.address().port,
    done: async () => void (await Promise.all(serving.values())),
  }
}

const MAX_ANSWERS = 64

async function refuse(
  options: TftpOptions,
  from: RemoteInfo,
  file: string,
  code: TftpErrorCode,
  why: string,
): Promise<void> {
  options.transfers.refused({ how: 'tftp', who: from.address, file, why })
  const peer = await Peer.open(options.address, from, options.signal)
  peer.sendError(code, why)
  peer.close()
}

async function serve(options: TftpOptions, request: TftpRequest, from: RemoteInfo): Promise<void> {
  if (request.kind === 'read') return give(options, request, from)
  return take(options, request, from)
}

async function give(
  options: TftpOptions,
  { file, isText, options: asked }: TftpRequest,
  from: RemoteInfo,
): Promise<void> {
  const { read, transfers, address, clock, signal } = options
  const opened = await openServed(read, file)
  if (opened.kind !== 'file') {
    const [code, why] =
      opened.kind === 'folder'
        ? ([TFTP_ERROR.denied, 'it is a folder'] as const)
        : ([opened.isDenied ? TFTP_ERROR.denied : TFTP_ERROR.notFound, opened.why] as const)
    return refuse(options, from, file, code, why)
  }
  const { handle, name, size } = opened
  const transfer = transfers.begin({ how: 'tftp', who: from.address, file: name, what: 'took', bytes: 0, size })
  let end: End = { whole: false, why: 'it failed' }
  try {
    const peer = await Peer.open(address, from, signal)
    try {
      const agreed = agree(asked, 'read', isText ? undefined : size)
      end = await sendFile({ peer, handle, isText, agreed, clock, signal, onBytes: transfer.add })
      if (signal.aborted) peer.sendError(TFTP_ERROR.other, 'the service ends')
    } finally {
      peer.close()
    }
  } catch (err) {
    end = { whole: false, why: errorMessage(err) }
  } finally {
    transfer.end(end)
    await handle.close()
  }
}

async function take(
  options: TftpOptions,
  { file, isText, options: asked }: TftpRequest,
  from: RemoteInfo,
): Promise<void> {
  const { upload: place, transfers, address, clock, signal } = options
  if (place === undefined) return refuse(options, from, file, TFTP_ERROR.denied, 'uploads are off here')
  const name = uploadName(file)
  const agreed = agree(asked, 'write', undefined)
  const size = asked.has('tsize') && agreed.answer.has('tsize') ? Number(asked.get('tsize')) : undefined
  // Before the file is opened: what comes of the same address meanwhile is counted.
  const transfer = transfers.begin({
    how: 'tftp',
    who: from.address,
    file: name,
    what: 'put',
    bytes: 0,
    size: size ?? null,
  })
  let end: End = { whole: false, why: 'it failed' }
  try {
    const peer = await Peer.open(address, from, signal)
    try {
      const upload = await receiveUpload(place, name, size)
      try {
        const onKept = (kept: string) => {
          transfer.running.file = kept
          transfer.end({ whole: true })
        }
        end = await takeFile({ peer, upload, isText, agreed, clock, signal, onBytes: transfer.add, onKept })
        if (signal.aborted) peer.sendError(TFTP_ERROR.other, 'the service ends')
      } finally {
        await upload.drop()
      }
    } catch (err) {
      if (!(err instanceof UploadRefused)) throw err
      peer.sendError(REFUSED_CODES[err.code], err.message)
      transfer.refuse(err.message)
    } finally {
      peer.close()
    }
  } catch (err) {
    end = { whole: false, why: errorMessage(err) }
  } finally {
    transfer.end(end)
  }
}
