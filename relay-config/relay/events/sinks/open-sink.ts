/** What the file says of a sink → the sink. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { EXIT, errorMessage, UserError } from '../../../../runtime/errors.ts'
import { isSystemError, reasonOf } from '../../../../runtime/unexpected.ts'
import { type SinkConfig, syslogTarget } from '../events-config.ts'
import type { Sink } from '../sink.ts'
import { commandSink } from './command-sink.ts'
import { syslogSink } from './syslog-sink.ts'
import { parseHeaders, webhookSink } from './webhook-sink.ts'

/** @throws UserError for a file that it names and cannot be used */
export async function openSink({
  name,
  syslog,
  webhook,
  command,
  facility,
  caFile,
  headersFile,
}: SinkConfig): Promise<Sink> {
  const ca = caFile === undefined ? undefined : await read(name, caFile, text => text)
  if (syslog !== undefined) return syslogSink({ ...syslogTarget(syslog), facility, ca, hostName: hostname() })
  if (webhook !== undefined) {
    const headers = headersFile === undefined ? {} : await read(name, headersFile, parseHeaders)
    return webhookSink({ url: webhook, headers, ca })
  }
  return commandSink(command ?? [])
}

async function read<T>(sink: string, file: string, parse: (text: string) => T): Promise<T> {
  try {
    return parse(await readFile(file, 'utf8'))
  } catch (err) {
    const why = isSystemError(err) ? reasonOf(err) : errorMessage(err)
    throw new UserError(`sink ${sink}: ${file} cannot be used: ${why}`, EXIT.configuration, { cause: err })
  }
}
