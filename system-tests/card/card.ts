/** Cards, each a file: made of parts or copied from an image, and read and written where no file system is mounted. */
import { closeSync, openSync, readSync, statSync, truncateSync, writeSync } from 'node:fs'
import { runProgram } from '../../testbed/run-program.ts'

const MIB = 1_048_576
const SECTOR_BYTES = 512
const BOOT_MIB = 16
/** Where the root partition of a card that is made begins. */
export const ROOT_START_MIB = 1 + BOOT_MIB

/**
 * Makes a card as it is flashed: a boot partition, the root partition, and nothing behind them.
 * @param root a file with the root partition's file system
 */
export async function makeCard(
  path: string,
  { root, rootMib, sizeMib }: { root: string; rootMib: number; sizeMib: number },
): Promise<void> {
  closeSync(openSync(path, 'w'))
  truncateSync(path, sizeMib * MIB)
  const table = `label-id: 0x006f6f62\nstart=1MiB, size=${BOOT_MIB}MiB, type=c\nstart=${ROOT_START_MIB}MiB, size=${rootMib}MiB, type=83\n`
  await tool('sfdisk', ['--quiet', path], table)
  await tool('dd', [
    `if=${root}`,
    `of=${path}`,
    'bs=1M',
    `seek=${ROOT_START_MIB}`,
    'conv=notrunc,sparse',
    'status=none',
  ])
}

/** Copies an image, and leaves the rest of the card empty; its size is a power of two, as QEMU's card reader demands. */
export async function flashCard(image: string, path: string, atLeastBytes: number): Promise<void> {
  await copyCard(image, path)
  truncateSync(path, 2 ** Math.ceil(Math.log2(Math.max(atLeastBytes, statSync(image).size))))
}

/** Holes stay holes: a card is mostly nothing. */
export async function copyCard(from: string, to: string): Promise<void> {
  await tool('cp', ['--sparse=auto', from, to])
}

export interface Partition {
  startBytes: number
  sizeBytes: number
  type: string
}

/** @param number from 1; @throws Error where the card's own table has none of that number */
export async function partition(path: string, number: number): Promise<Partition> {
  const found = (await partitions(path))[number - 1]
  if (!found) throw new Error(`${path} has no partition ${number}`)
  return found
}

/** The third partition, undefined where there is none. */
export async function dataPartition(path: string): Promise<Partition | undefined> {
  return (await partitions(path))[2]
}

async function partitions(path: string): Promise<Partition[]> {
  const { partitiontable } = JSON.parse(await tool('sfdisk', ['--json', path])) as {
    partitiontable: { partitions: { start: number; size: number; type: string }[] }
  }
  return partitiontable.partitions.map(({ start, size, type }) => ({
    ...{ startBytes: start * SECTOR_BYTES, sizeBytes: size * SECTOR_BYTES, type },
  }))
}

/** Overwrites a part of the data partition. */
export async function spoilData(path: string, offset: number, bytes: Buffer): Promise<void> {
  const { startBytes } = await partition(path, 3)
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, startBytes + offset)
  closeSync(file)
}

/** The bytes at a place of a file. */
export function readAt(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const file = openSync(path, 'r')
  readSync(file, bytes, 0, length, offset)
  closeSync(file)
  return bytes
}

/** What debugfs(8) and mtools(1) take for a partition of a card. */
export async function partitionIn(path: string, number: number): Promise<{ ext4: string; fat: string }> {
  const { startBytes } = await partition(path, number)
  return { ext4: `${path}?offset=${startBytes}`, fat: `${path}@@${startBytes}` }
}

async function tool(command: string, args: string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, { input, timeoutMs: 120_000 })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${stderr}`)
  return stdout
}
