import {mkdir, readdir, rename, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

/** Files by their names, as a Secret has them. */
export type Texts = Readonly<Record<string, string>>

/** Milliseconds within which every node has the new Secret; kubelets take up to two minutes. */
const spread = 500

/** A Secret as kubelets mount it into the pods of several nodes: whole, by one swap of a link, and on each node at its own time. */
export class Mounts {
  readonly #root: string
  readonly #folders: string[] = []
  #texts: Texts
  #writes = 0

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
    const folder = join(this.#root, name)
    if (this.#folders.includes(folder)) return folder
    await mkdir(folder, {recursive: true})
    this.#folders.push(folder)
    await this.#swap(folder)
    for (const file of Object.keys(this.#texts)) await symlink(join('..data', file), join(folder, file))
    return folder
  }

  /** The pod is gone. */
  async unmount(name: string): Promise<void> {
    const folder = join(this.#root, name)
    this.#folders.splice(this.#folders.indexOf(folder), 1)
    await rm(folder, {recursive: true})
  }

  /** Changes these files of the Secret, and resolves when every pod has them. */
  async write(texts: Texts): Promise<void> {
    this.#texts = {...this.#texts, ...texts}
    await Promise.all(
      this.#folders.map(async (folder) => {
        await sleep(Math.random() * spread)
        await this.#swap(folder)
      }),
    )
  }

  /** As the kubelet's AtomicWriter does it. */
  async #swap(folder: string): Promise<void> {
    const fresh = `..${++this.#writes}`
    await mkdir(join(folder, fresh))
    for (const [file, text] of Object.entries(this.#texts)) {
      await writeFile(join(folder, fresh, file), text, {mode: 0o600})
    }
    await symlink(fresh, join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
    const old = (await readdir(folder)).filter((name) => /^\.\.\d+$/.test(name) && name !== fresh)
    for (const name of old) await rm(join(folder, name), {recursive: true, force: true})
  }
}
