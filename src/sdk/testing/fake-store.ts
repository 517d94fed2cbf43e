import type {Fragment} from '../fragment.ts'
import type {Applied} from '../handle.ts'
import type {RuleStore} from '../rules.ts'
import type {RecordedRule} from './fakes.ts'

/** Rules that are only remembered. */
export class FakeStore implements RuleStore {
  readonly judgesAtOnce = false
  readonly #rules = new Map<string, RecordedRule>()

  get rules(): readonly RecordedRule[] {
    return [...this.#rules.values()]
  }

  async put({kind, service: {name, namespace}, manager, spec}: Fragment): Promise<void> {
    this.#rules.set(`${kind}/${namespace}/${name}/${manager}`, {kind, service: name, namespace, manager, spec})
  }

  async remove({kind, service: {name, namespace}, manager}: Fragment): Promise<void> {
    this.#rules.delete(`${kind}/${namespace}/${name}/${manager}`)
  }

  async applied(): Promise<Applied> {
    return {exact: true, approximations: []}
  }

  async close(): Promise<void> {}
}
