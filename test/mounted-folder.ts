import {chmod, chown, mkdir, rename, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

/** Who may read a mounted file: its volume's `defaultMode`, and the group of the pod's `fsGroup`. */
export interface Access {
  readonly mode: number
  readonly group?: number | undefined
}

/** A folder into which a Secret is mounted as kubelets do it (AtomicWriter): each version whole, by one swap of `..data`. */
export class MountedFolder {
  readonly dir: string
  readonly #access: Access
  readonly #names = new Set<string>()
  #version = 0

  constructor(dir: string, access: Access = {mode: 0o644}) {
    this.dir = dir
    this.#access = access
  }

  /** Settles when the folder has these files and no other. */
  async write(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
    const [before, fresh] = [`..${this.#version}`, `..${++this.#version}`]
    await mkdir(join(this.dir, fresh), {recursive: true})
    for (const [name, content] of Object.entries(files)) {
      const file = join(this.dir, fresh, name)
      await writeFile(file, content)
      if (this.#access.group !== undefined) await chown(file, 0, this.#access.group)
      await chmod(file, this.#access.mode)
    }
    await symlink(fresh, join(this.dir, '..data_tmp'))
    await rename(join(this.dir, '..data_tmp'), join(this.dir, '..data'))
    for (const name of Object.keys(files)) {
      if (!this.#names.has(name)) await symlink(join('..data', name), join(this.dir, name))
      this.#names.add(name)
    }
    for (const name of this.#names) {
      if (Object.hasOwn(files, name)) continue
      await rm(join(this.dir, name))
      this.#names.delete(name)
    }
    await rm(join(this.dir, before), {recursive: true, force: true})
  }
}
