/** The list with which Raspberry Pi Imager offers an image as a repository of one's own (its doc/json-schema/os-list-schema.json). */
import type { Board } from './boards.ts'

export interface ListedImage {
  /** Where Imager finds the compressed image. */
  url: string
  version: string
  imager: NonNullable<Board['imager']>
  /** Bytes of the image, and of the file that is loaded. */
  extractSize: number
  downloadSize: number
  /** SHA-256 of the image, not compressed. */
  extractSha256: string
  /** Seconds: the time of the source. */
  epochS: number
}

/** `init_format` none: Imager must not offer to set a user or a Wi-Fi, since oobm.toml does. */
export function osList({ url, version, imager, epochS, ...image }: ListedImage): object {
  return {
    os_list: [
      {
        name: `Out-of-band console ${version} (${imager.name})`,
        description: `Flash it, put oobm.toml on the card, plug it in: ${imager.name}`,
        icon: 'icons/cat_other_specific_purpose_operating_systems.png',
        url,
        extract_size: image.extractSize,
        extract_sha256: image.extractSha256,
        image_download_size: image.downloadSize,
        release_date: new Date(epochS * 1000).toISOString().slice(0, 10),
        devices: imager.devices,
        architecture: imager.architecture,
        init_format: 'none',
      },
    ],
  }
}
