/** What may be plugged into a USB port of a card's board beside serial adapters and modems, by the drivers that are kept for it. */

export interface Family {
  /** As people know it, in docs/image.md too. */
  name: string
  /** Modules of the kernel that an adapter asks for; what they need themselves follows from them. */
  modules: string[]
  /** Adapters that it is known by, each with how the kernel names it, and the module that must answer. */
  adapters: { what: string; alias: string; module: string }[]
  /** Firmware that a module names and Debian does not have: for a use that is none here. */
  absent?: string[]
}

export const USB_WIFI: readonly Family[] = [
  {
    name: 'Realtek (rtl8xxxu, rtl8192cu)',
    // On Debian's kernel the oldest of them, such as an EW-7811Un, are rtl8192cu's.
    modules: ['rtl8xxxu', 'rtl8192cu'],
    adapters: [
      wifi('Edimax EW-7811Un', '7392:7811', 'rtl8192cu'),
      wifi('RTL8188CUS', '0BDA:8176', 'rtl8192cu'),
      wifi('RTL8192CU', '0BDA:8178', 'rtl8192cu'),
      wifi('RTL8188FTV', '0BDA:F179', 'rtl8xxxu'),
      wifi('RTL8192EU', '0BDA:818B', 'rtl8xxxu'),
      wifi('TP-Link TL-WN722N v2', '2357:010C', 'rtl8xxxu'),
    ],
    // Of the chip's Bluetooth.
    absent: ['rtlwifi/rtl8723bu_bt.bin'],
  },
  {
    name: 'Ralink (rt2x00)',
    modules: ['rt2500usb', 'rt73usb', 'rt2800usb'],
    adapters: [
      wifi('RT2501', '148F:2573', 'rt73usb'),
      wifi('RT3070', '148F:3070', 'rt2800usb'),
      wifi('RT5370', '148F:5370', 'rt2800usb'),
      wifi('RT5572', '148F:5572', 'rt2800usb'),
    ],
  },
  {
    name: 'Atheros (ath9k_htc)',
    modules: ['ath9k_htc'],
    adapters: [wifi('TP-Link TL-WN722N v1', '0CF3:9271', 'ath9k_htc'), wifi('AR7010', '0CF3:7015', 'ath9k_htc')],
  },
  {
    name: 'MediaTek (mt7601u, mt76)',
    modules: ['mt7601u', 'mt76x0u', 'mt76x2u', 'mt7663u', 'mt7921u', 'mt7925u'],
    adapters: [
      wifi('MT7601U', '148F:7601', 'mt7601u'),
      wifi('MT7610U', '0E8D:7610', 'mt76x0u'),
      wifi('MT7612U', '0E8D:7612', 'mt76x2u'),
      wifi('MT7663U', '0E8D:7663', 'mt7663u'),
      wifi('MT7921AU', '0E8D:7961', 'mt7921u'),
      wifi('MT7925U', '0E8D:7925', 'mt7925u'),
    ],
  },
]

export const USB_SOUND: Family = {
  name: 'USB sound (snd-usb-audio)',
  modules: ['snd-usb-audio'],
  adapters: [
    {
      what: 'C-Media CM108, by the class of USB audio',
      alias: 'usb:v0D8Cp013Cd0100dc00dsc00dp00ic01isc01ip00in00',
      module: 'snd_usb_audio',
    },
  ],
}

/** The sound of a Raspberry Pi's own: nothing asks for it, oobm-own-sound.service loads it. */
export const OWN_SOUND: Family = { name: 'own sound (snd-bcm2835)', modules: ['snd-bcm2835'], adapters: [] }

/** @param id vendor and product, in capitals; the class is the vendor's, as nearly all of them have it */
function wifi(what: string, id: string, module: string): Family['adapters'][number] {
  const [vendor, product] = id.split(':')
  return { what, alias: `usb:v${vendor}p${product}d0000dc00dsc00dp00icFFiscFFipFFin00`, module }
}
