import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {MountedFolder} from '../mounted-folder.ts'

/** Files by their names, as a Secret has them. */
export type Texts = Readonly<Record<string, string>>

/** Milliseconds within which every node has the new Secret; kubelets take up to two minutes. */
const spread = 500

/** A Secret as kubelets mount it into the pods of several nodes, on each node at its own time. */
export class Mounts {
  readonly #root: string
  readonly #folders = new Map<string, MountedFolder>()
  #texts: Texts

  constructor(root: string, texts: Texts) {
    this.#root = root
    this.#texts = texts
  }

  /** What the Secret holds. */
  get texts(): Texts {
    return this.#texts
  }

  /** A folder for one more pod. */
  async mount(name: string): Promise<string> {
    const mounted = this.#folders.get(name)
    if (mounted !== undefined) return mounted.dir
    const folder = new MountedFolder(join(this.#root, name))
    this.#folders.set(name, folder)
    await folder.write(this.#texts)
    return folder.dir
  }

  /** The pod is gone. */
  async unmount(name: string): Promise<void> {
    const folder = this.#folders.get(name)
    if (folder === undefined) return
    this.#folders.delete(name)
    await rm(folder.dir, {recursive: true})
  }

  /** Changes these files of the Secret, and resolves when every pod has them. */
  async write(texts: Texts): Promise<void> {
    this.#texts = {...this.#texts, ...texts}
    await Promise.all(
      [...this.#folders.values()].map(async (folder) => {
        await sleep(Math.random() * spread)
        await folder.write(this.#texts)
      }),
    )
  }
}
