import {flat} from '../flat.ts'
import {containersProblem, settingsProblem} from './checks.ts'
import {containersFor, type Containers} from './containers.ts'
import {envTemplate, type EnvTemplate} from './env.ts'
import type {ProxySettings, Settings} from './settings.ts'

/** Everything about one set of proxy settings that no pod changes. */
export interface ProxyTemplate {
  readonly env: EnvTemplate
  readonly containers: Containers
  /** Why no pod can be injected with these settings. */
  readonly problem: string | undefined
}

/** The replicas of a workload carry the same annotations; so many sets of settings are kept, each of so many characters at most. */
const mostTemplates = 200
const longestKey = 2048

/** The templates of the configured settings and of those that annotations made of them. */
export class ProxyTemplates {
  readonly #settings: Settings
  readonly #usual: ProxyTemplate
  readonly #known = new Map<string, ProxyTemplate>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#usual = this.#make(settings.proxy)
  }

  of(proxy: ProxySettings): ProxyTemplate {
    if (proxy === this.#settings.proxy) return this.#usual
    const key = difference(proxy, this.#settings.proxy)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const template = this.#make(proxy)
    if (key.length <= longestKey) {
      if (this.#known.size === mostTemplates) this.#known.clear()
      this.#known.set(key, template)
    }
    return template
  }

  #make(proxy: ProxySettings): ProxyTemplate {
    const containers = containersFor(proxy, this.#settings)
    const problem = settingsProblem(proxy, this.#settings) ?? containersProblem(containers)
    return flat({env: envTemplate(proxy, this.#settings), containers, problem})
  }
}

/** What sets a pod's settings apart, as text. Annotations change plain values only; a list is always the configuration's. */
function difference(proxy: ProxySettings, usual: ProxySettings): string {
  const before = Object.values(usual)
  const changed: string[] = []
  for (const [place, value] of Object.values(proxy).entries()) {
    if (value !== before[place]) changed.push(String(place), String(value))
  }
  return JSON.stringify(changed)
}
