import {resolve} from 'node:path'
import {watchFiles, type Watch, type WatchOptions} from '../files/watch.ts'
import {loadConfiguration, type LoadResult} from './load.ts'
import {readSources, type SourceIo} from './source.ts'

/** Reads and resolves configuration files. Files that cannot be read are problems like any other; never rejects. */
export async function loadFiles(files: readonly string[], io: SourceIo): Promise<LoadResult> {
  const {sources, problems} = await readSources(files, io)
  return problems.length > 0 ? {ok: false, problems} : loadConfiguration(sources)
}

/**
 * Loads the files anew whenever one of them changes, and hands on the outcome, good or bad. On a bad one the caller
 * keeps the configuration it has. Begin to watch before the first `loadFiles`, so that no change is lost between them.
 */
export function watchConfiguration(
  files: readonly string[],
  io: SourceIo,
  onLoad: (result: LoadResult) => unknown,
  options: WatchOptions = {},
): Watch {
  const paths = files.filter((file) => file !== '-').map((file) => resolve(io.cwd, file))
  return watchFiles(paths, async () => onLoad(await loadFiles(files, io)), options)
}
