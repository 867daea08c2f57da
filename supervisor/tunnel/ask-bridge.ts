/** Asks the console bridge who is on its consoles, or to send them away: a login there and a word, as for anybody else. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, type ConnectConfig } from 'ssh2'
import { type ConsoleStatus, consoleStatusSchema } from '../../runtime/status-file.ts'
import { checkHostKey } from './host-key.ts'

export interface BridgeOptions {
  port: number
  /** The bridge's public host key. */
  hostKey: string
  /** Its run-time directory, with the key that it gives to its group. */
  directory: string
  signal: AbortSignal
}

/** Characters of an answer that are read: dozens of consoles, each with all the sessions that the bridge allows. */
const ANSWER_MAX = 1_000_000

/** @returns undefined when the bridge does not run, or does not answer in this way */
export async function askBridge(options: BridgeOptions): Promise<ConsoleStatus | undefined> {
  const answer = await say(options, 'status --json')
  try {
    return consoleStatusSchema.safeParse(JSON.parse(answer ?? '')).data
  } catch {
    return undefined
  }
}

/** Has everybody on a console, but who is at the device itself, told why, and sent away; returns when they were told. */
export async function dismissPeople(options: BridgeOptions, device: string, by: string | undefined): Promise<void> {
  await say(options, ['dismiss', device, ...(by === undefined ? [] : [by])].join(' '))
}

async function say({ port, hostKey, directory, signal }: BridgeOptions, word: string): Promise<string | undefined> {
  const privateKey = await readFile(join(directory, 'local_key'), 'utf8').catch(() => undefined)
  if (privateKey === undefined) return undefined
  const client = new Client()
  try {
    return await run(client, { port, privateKey, hostKey }, word, signal)
  } finally {
    client.destroy()
  }
}

interface Login {
  port: number
  privateKey: string
  hostKey: string
}

/** What the word prints; undefined when anything goes wrong on the way. */
function run(
  client: Client,
  { port, privateKey, hostKey }: Login,
  word: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { verify, algorithms } = checkHostKey([hostKey])
  return new Promise(resolve => {
    const fail = () => resolve(undefined)
    signal.addEventListener('abort', fail, { once: true })
    // `on`: ssh2 ends the process on an unhandled error, also on a second one.
    client.on('error', fail)
    client.once('close', fail)
    client.once('ready', () => {
      client.exec(word, (err, channel) => {
        if (err) return fail()
        let text = ''
        channel.on('error', fail)
        channel.stderr.resume()
        channel.setEncoding('utf8')
        channel.on('data', (part: string) => {
          text += part
          if (text.length > ANSWER_MAX) fail()
        })
        channel.once('close', () => resolve(text))
      })
    })
    try {
      client.connect({
        ...{ host: '127.0.0.1', port, username: 'console', privateKey, readyTimeout: 0, hostVerifier: verify },
        algorithms: { serverHostKey: algorithms } as NonNullable<ConnectConfig['algorithms']>,
      })
    } catch {
      // ssh2 throws from connect() for a key that it cannot read.
      fail()
    }
  })
}
