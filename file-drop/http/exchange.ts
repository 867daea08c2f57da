/** One HTTP request and its answer, as the handlers of the methods see them. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../runtime/clock.ts'
import type { UploadPlace } from '../served/receive-upload.ts'
import type { Transfers } from '../transfers.ts'

export interface Exchange {
  /** The folder that is served, and that of uploads, where they are taken. */
  read: string
  upload: UploadPlace | undefined
  transfers: Transfers
  clock: Clock
  signal: AbortSignal
  request: IncomingMessage
  response: ServerResponse
  /** Address of the client. */
  who: string
  /** The path, decoded once. */
  path: string
}

/** Refuses, and writes it down. */
export function refuse({ response, request, transfers, who, path }: Exchange, status: number, why: string): void {
  transfers.refused({ how: 'http', who, file: path, why })
  // What is still to come of an upload is not read.
  if (request.method === 'PUT') {
    response.setHeader('Connection', 'close')
    response.on('finish', () => setTimeout(() => request.socket.destroy(), 1_000).unref())
  }
  say(response, status, why)
}

export function say(response: ServerResponse, status: number, text: string): void {
  const body = `${text}\n`
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(body) })
  response.end(response.req.method === 'HEAD' ? '' : body)
}
