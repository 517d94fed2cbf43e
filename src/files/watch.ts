import {statSync, watch, type FSWatcher} from 'node:fs'
import {dirname, resolve} from 'node:path'

export interface WatchOptions {
  /** Milliseconds of quiet before a change is told: an editor or a kubelet touches a file several times. */
  readonly settle?: number
  /** Milliseconds between looks at the files themselves, for file systems and links that send no events. */
  readonly poll?: number
  /** What `onChange` threw or rejected with; the watch goes on. */
  readonly onError?: (error: unknown) => void
}

export interface Watch {
  close(): void
}

/**
 * Tells of every change of these files: a write, an atomic rename, and the swap of `..data` by which the kubelet renews
 * a mounted ConfigMap or Secret (each file there is a symbolic link through `..data`, so only the directory sees it).
 * One call at a time, none for a touch that changed nothing. Never throws, and keeps no process alive.
 *
 * What the files are now is taken before this returns: begin to watch, then read, and no change is lost.
 */
export function watchFiles(paths: readonly string[], onChange: () => unknown, options: WatchOptions = {}): Watch {
  const {settle = 100, poll = 10_000, onError = () => {}} = options
  const files = paths.map((path) => resolve(path))
  const directories = [...new Set(files.map((file) => dirname(file)))]
  const watchers = new Map<string, {readonly watcher: FSWatcher; readonly inode: string}>()
  let seen = state(files)
  let quiet: NodeJS.Timeout | undefined
  let telling = false
  let closed = false

  const watchDirectories = (): void => {
    for (const directory of directories) {
      const inode = state([directory], 'inode')
      const known = watchers.get(directory)
      // A directory that was replaced sends its events to nobody any more.
      if (known?.inode === inode) continue
      known?.watcher.close()
      watchers.delete(directory)
      const watcher = watchDirectory(directory, stir, () => watchers.delete(directory))
      if (watcher !== undefined) watchers.set(directory, {watcher, inode})
    }
  }
  const stir = (): void => {
    clearTimeout(quiet)
    if (!closed) quiet = setTimeout(() => void look(), settle).unref()
  }
  const look = async (): Promise<void> => {
    if (closed || telling) return
    watchDirectories()
    const now = state(files)
    if (now === seen) return
    seen = now
    telling = true
    try {
      await onChange()
    } catch (error) {
      onError(error)
    } finally {
      telling = false
    }
    // What changed meanwhile was not told.
    stir()
  }

  watchDirectories()
  const polling = setInterval(() => void look(), poll).unref()
  return {
    close() {
      closed = true
      clearTimeout(quiet)
      clearInterval(polling)
      for (const {watcher} of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}

function watchDirectory(directory: string, onEvent: () => void, onEnd: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, {persistent: false}, onEvent)
    watcher.on('error', () => {
      watcher.close()
      onEnd()
    })
    return watcher
  } catch {
    // Not there yet, or out of watches: the poll sees the files, and tries again.
    return undefined
  }
}

/** What tells one version of the files from another, through symbolic links; `-` for one that cannot be seen. */
function state(files: readonly string[], what: 'content' | 'inode' = 'content'): string {
  return files
    .map((file) => {
      try {
        const {dev, ino, size, mtimeNs, ctimeNs} = statSync(file, {bigint: true})
        return what === 'inode' ? `${dev}:${ino}` : `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
      } catch {
        return '-'
      }
    })
    .join()
}
