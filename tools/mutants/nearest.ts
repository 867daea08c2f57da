/** The tests of a folder's code that stand elsewhere. */
export const NEAREST: Record<string, string[]> = {}
