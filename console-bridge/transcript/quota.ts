/** How many bytes each transcript may have. Pure. */

/** A file cannot be much smaller than a record: below this, a quota would not be kept. */
export const QUOTA_MIN_BYTES = 1_048_576

/**
 * All of them together get a part of the file system, which shrinks each as much where that is not enough.
 * @param wantedBytes of each console @param consoles how many have a transcript
 * @param totalBytes of the file system @param percent of it for transcripts @param formerBytes of consoles that are gone
 */
export function quotaOf(
  wantedBytes: number,
  consoles: number,
  totalBytes: number,
  percent: number,
  formerBytes: number,
): number {
  const share = ((totalBytes * percent) / 100 - formerBytes) / Math.max(1, consoles)
  return Math.max(QUOTA_MIN_BYTES, Math.min(wantedBytes, Math.floor(share)))
}
