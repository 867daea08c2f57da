/** Standard input as lines. */

/** Bytes of a line: what no command of a target needs. */
const LINE_BOUND = 4_096

/** @throws RangeError for a line that is too long */
export async function* inputLines(input: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const chunk of input) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield lineOf(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
    }
    if (rest.length > LINE_BOUND) lineOf(rest)
  }
  if (rest.length > 0) yield lineOf(rest)
}

function lineOf(bytes: Buffer): string {
  if (bytes.length > LINE_BOUND) throw new RangeError(`a line of the input is longer than ${LINE_BOUND} bytes`)
  return bytes.toString().replace(/\r$/, '')
}
