/** Sizes as people read them; pure. */

const MIB = 1_048_576

/** `512 bytes`, `60.0 MiB`. */
export function sizeText(bytes: number): string {
  return bytes < MIB / 10 ? `${bytes} bytes` : `${(bytes / MIB).toFixed(1)} MiB`
}
