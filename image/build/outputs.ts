/** What is handed out with an image. */
import type { Board } from './boards.ts'
import type { Progress } from './progress.ts'

export interface Build {
  /** Holds oobm.img and dpkg-status, and gets the rest. */
  folder: string
  name: string
  board: Board
  /** Seconds: the time of the source. */
  epochS: number
  compress: string
}

export async function writeOutputs(build: Build, progress: Progress, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  progress.step(`done: ${build.folder}`)
}
