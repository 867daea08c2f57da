/** PUT: a file of the equipment, into the upload directory. */
import { errorMessage } from '../../runtime/errors.ts'
import { type RefusalCode, receiveUpload, type Upload, UploadRefused } from '../served/receive-upload.ts'
import { uploadName } from '../served/served-path.ts'
import { type Exchange, refuse, say } from './exchange.ts'

const STATUS: Record<RefusalCode, number> = { name: 400, full: 507 }

export async function putFile(exchange: Exchange): Promise<void> {
  const { request, response, upload: place, path, transfers, who } = exchange
  if (place === undefined) return refuse(exchange, 403, 'uploads are off here')
  if (request.headers['content-range'] !== undefined) return refuse(exchange, 400, 'a part of a file is not taken')
  const length = request.headers['content-length']
  const size = length === undefined ? undefined : Number(length)
  const name = uploadName(path)
  const transfer = transfers.begin({ how: 'http', who, file: name, what: 'put', bytes: 0, size: size ?? null })
  let upload: Upload | undefined
  try {
    upload = await receiveUpload(place, name, size)
    if (request.headers.expect !== undefined) response.writeContinue()
    // Else a refusal in the middle would end the connection before its answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      await upload.write(chunk)
      transfer.add(chunk.length)
    }
    if (!request.complete) throw new Error('the client went away')
    const kept = await upload.keep()
    transfer.running.file = kept
    transfer.end({ whole: true })
    response.setHeader('Connection', 'close')
    say(response, 201, `${kept}: ${transfer.running.bytes} bytes are kept`)
  } catch (err) {
    if (upload === undefined) transfer.refuse(errorMessage(err))
    else transfer.end({ whole: false, why: reason(err) })
    if (!(err instanceof UploadRefused)) {
      response.destroy()
      if (request.complete) throw err
      return
    }
    response.setHeader('Connection', 'close')
    // What is still to come is not read: a client that sends on learns it by the end of the connection.
    response.on('finish', () => setTimeout(() => request.socket.destroy(), 1_000).unref())
    say(response, STATUS[err.code], err.message)
  } finally {
    await upload?.drop()
  }
}

function reason(err: unknown): string {
  return (err as NodeJS.ErrnoException).code === 'ECONNRESET' ? 'the client went away' : errorMessage(err)
}
