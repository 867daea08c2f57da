/** Notices that a file below some folders changes, and when no more changes follow. */
import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Milliseconds without a change after which all is written that an editor or a checkout writes at once. */
const QUIET_MS = 200

export interface Change {
  /** Aborted by the first change. */
  begun: AbortSignal
  /** Resolves when no more changes follow it, or `signal` is aborted; nothing is watched then. */
  quiet: Promise<void>
}

/** Watches the folders and those below them that exist now; hidden files and copies that editors keep do not count. */
export function watchFolders(roots: readonly string[], signal: AbortSignal): Change {
  const begun = new AbortController()
  const quiet = new Promise<void>(resolve => {
    let timer: NodeJS.Timeout | undefined
    const watchers: FSWatcher[] = []
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      for (const watcher of watchers) watcher.close()
      resolve()
    }
    signal.addEventListener('abort', end)
    const onChange = (name: string | null) => {
      if (name !== null && /^\.|~$/.test(name)) return
      begun.abort()
      clearTimeout(timer)
      timer = setTimeout(end, QUIET_MS)
    }
    for (const folder of roots.flatMap(foldersFrom)) watchers.push(watch(folder, (_, name) => onChange(name)))
    if (signal.aborted) end()
  })
  return { begun: begun.signal, quiet }
}

function foldersFrom(root: string): string[] {
  const below = readdirSync(root, { recursive: true, withFileTypes: true })
  return [root, ...below.filter(each => each.isDirectory()).map(each => join(each.parentPath, each.name))]
}
