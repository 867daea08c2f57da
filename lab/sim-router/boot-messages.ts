/** What the simulated router says while it starts: similar to such equipment, with texts of our own. */

/** Milliseconds after the message before, and the message. */
export type TimedMessage = readonly [afterMs: number, text: string]

const BOOTSTRAP: readonly TimedMessage[] = [
  [0, '\r\n\r\nSystem Bootstrap, Version 1.0 (simulated by the oobm lab)\r\n'],
  [250, 'Self-test: processor passed, console passed, interfaces passed\r\n'],
  [350, 'LAB-R1 with 262144 Kbytes of main memory\r\n\r\n'],
]

const IMAGE: readonly TimedMessage[] = [
  [300, 'Loading "flash:lab-r1-image.bin" '],
  ...Array.from({ length: 12 }, (): TimedMessage => [150, '#####']),
  [150, ' [OK]\r\n\r\n'],
  [250, 'LAB-R1 Software, Version 1.0, from the oobm lab\r\n'],
  [150, '3 Gigabit Ethernet interfaces, 1 console line, 9600 8N1\r\n'],
  [200, '%SYS-5-RESTART: System restarted\r\n'],
  [150, '%LINK-3-UPDOWN: Interface GigabitEthernet0/0, changed state to up\r\n\r\n'],
  [150, 'Restricted to lab staff. What is typed here is recorded.\r\n'],
]

/** `cold` is a power-on or a reset; `warm` only loads the image, as ROMMON's `boot` does. */
export const BOOT_MESSAGES = { cold: [...BOOTSTRAP, ...IMAGE], warm: IMAGE } as const

export const PRESS_RETURN = '\r\n\r\nPress RETURN to get started.\r\n\r\n'
