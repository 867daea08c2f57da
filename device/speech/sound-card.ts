/** The sound card that speaks: one that somebody plugged in, else the board's own. */
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** @returns its name for ALSA, such as `plughw:1,0`; undefined where nothing plays sound */
export async function findSoundCard(sysfs: string): Promise<string | undefined> {
  const folder = join(sysfs, 'class/sound')
  const names = await readdir(folder).catch((): string[] => [])
  const found = names.flatMap(name => {
    // The kernel's name of a playback stream: card, device, `p`.
    const [, card, device] = /^pcmC(\d+)D(\d+)p$/.exec(name) ?? []
    return card === undefined || device === undefined ? [] : [{ name, card: Number(card), device: Number(device) }]
  })
  const looked = await Promise.all(
    found.map(async one => ({
      ...one,
      isUsb: (await realpath(join(folder, one.name)).catch(() => '')).includes('/usb'),
    })),
  )
  looked.sort((a, b) => Number(b.isUsb) - Number(a.isUsb) || a.card - b.card || a.device - b.device)
  const [best] = looked
  // plughw converts the sample rate, and needs no server.
  return best && `plughw:${best.card},${best.device}`
}
