/** The network of an address; pure. */
export function networkOf({ address, prefixLength }: { address: string; prefixLength: number }): string {
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
  const size = 2 ** (32 - prefixLength)
  return `${dotted(number - (number % size))}/${prefixLength}`
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
}
