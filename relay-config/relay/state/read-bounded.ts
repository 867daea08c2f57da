/** Reads a file of a relay's state, which a device or a login may have a hand in: no link is followed, no pipe waited at. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Bytes that are read of one file: what the forced commands keep there, and some. */
const FILE_MAX = 262_144

/** @returns nothing of a file that is larger than those commands make it */
export async function readBounded(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    return (await file.stat()).size > FILE_MAX ? '' : await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
