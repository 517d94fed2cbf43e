import type {Source} from '../intent/origin.ts'
import {shownSource} from '../intent/site.ts'
import type {Built, World} from '../intent/world.ts'
import type {KubeApi} from '../kube/api.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {Part, RuleFinding, RuleMesh} from '../mesh/translation.ts'
import type {StatusBook} from './book.ts'
import {ChangeOver} from './change-over.ts'
import {Execution} from './execution.ts'
import {WriteFailure} from './failure.ts'
import type {Kinds} from './kinds.ts'
import type {Ledger} from './ledger.ts'
import {isRefused, planOf, type Plan, type Removal} from './plan.ts'
import type {PartReport, Report} from './status.ts'
import {isHeldBack, Translators, type Complete} from './translate.ts'
import {Writer} from './write.ts'

export interface ReconcilerOptions {
  readonly world: World
  readonly meshes: Readonly<Record<MeshName, RuleMesh>>
  readonly complete: Complete
  readonly kinds: Kinds
  readonly ledger: Ledger
  readonly book: StatusBook
  /** Units that wait to be reconciled, or are in work. */
  readonly pending: () => ReadonlySet<string>
  /** Whether the API server has told us that it does not serve the kind of such an object. */
  readonly isMissing: (object: {readonly apiVersion?: string; readonly kind?: string}) => boolean
}

/** What a reconcile has done and found. */
export interface Reconciled {
  /** Keys of the sources whose status may have changed. */
  readonly sources: ReadonlySet<string>
  /** What could not be written and is to be tried again. */
  readonly failures: readonly WriteFailure[]
  /** Objects that were to be written or removed. */
  readonly writes: number
  /** Units that waited for this one. */
  readonly released: readonly string[]
}

/** Makes the cluster hold what a unit wants, and writes down what became of the rules behind it. */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #translators: Translators
  readonly #changeOver: ChangeOver

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#changeOver = new ChangeOver({pending: options.pending, isInPlace: (unit) => this.#isInPlace(unit)})
    this.#translators = new Translators(options.meshes, options.complete)
  }

  /**
   * @param api refuses to write once the lease is lost
   * @throws KubeError where the API server could not be asked, or may not be: nothing is known of the rules then
   */
  async reconcile(unit: string, api: KubeApi): Promise<Reconciled> {
    const {world, kinds, ledger, book} = this.#options
    const built = world.intentOf(unit)
    const translated = this.#translate(built)
    const released = () => this.#changeOver.take(unit)
    if (translated instanceof WriteFailure) {
      const report: PartReport = failed(translated)
      return {
        sources: book.report(
          unit,
          reportsOf(built, [], () => report, report),
        ),
        failures: [translated],
        writes: 0,
        released: released(),
      }
    }
    const plan = this.#plan(built, translated)
    const failures = await this.#carryOut(built, plan, new Writer(api, kinds, ledger))
    const reportOf = ({name, ...part}: Part): PartReport => {
      const failure = failures.get(name)
      if (failure !== undefined) return failed(failure)
      return {state: isRefused({name, ...part}) ? 'refused' : 'programmed'}
    }
    return {
      sources: book.report(unit, reportsOf(built, translated, reportOf)),
      failures: [...new Set(failures.values())],
      writes: plan.apply.length + plan.remove.length,
      released: released(),
    }
  }

  #plan(built: Built, parts: readonly Part[]): Plan {
    const {kinds, ledger} = this.#options
    return planOf(built.unit, parts, ledger.ofUnit(built.unit), kinds.order, (object) => isHeldBack(built, object))
  }

  #isInPlace(unit: string): boolean {
    const built = this.#options.world.intentOf(unit)
    const translated = this.#translate(built)
    return translated instanceof WriteFailure || this.#plan(built, translated).apply.length === 0
  }

  #translate(built: Built): readonly Part[] | WriteFailure {
    try {
      return this.#translators.partsOf(built)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return new WriteFailure('MW6409', `${built.unit} could not be translated: ${reason}`, {cause: error})
    }
  }

  /** Returns the failures by the name of the part that they keep from being written. */
  async #carryOut(built: Built, plan: Plan, writer: Writer): Promise<ReadonlyMap<string, WriteFailure>> {
    const {kinds, isMissing, ledger} = this.#options
    const {unit, mesh} = built
    const execution = new Execution({unit, writer, ledger, isMissing})
    const isOfMesh = ({live}: Removal) => kinds.isOfMesh(mesh, live)
    await execution.apply(plan)
    const isMoving = !plan.remove.every(isOfMesh)
    const first = isMoving ? this.#changeOver.before(built) : undefined
    // The old goes when the new is in its place: its own part, or everything where the mesh is another one now.
    for (const removal of plan.remove) {
      if (isOfMesh(removal)) await execution.remove(removal, removal.live.part.split('.'))
      else if (first === undefined) await execution.remove(removal, [...execution.failures.keys()])
    }
    // Its turn may have come while others were removed.
    if (first !== undefined) this.#changeOver.wait(unit, this.#changeOver.before(built) ?? unit)
    await execution.finish()
    return execution.failures
  }
}

function failed({reason, message}: WriteFailure): PartReport {
  return {state: 'failed', reason, message}
}

/** One report for each source of the unit. */
function reportsOf(
  {mesh, sources, problems}: Built,
  parts: readonly Part[],
  reportOf: (part: Part) => PartReport,
  ofAll?: PartReport,
): {source: Source; report: Report}[] {
  const findings: readonly RuleFinding[] = [...problems, ...parts.flatMap((part) => part.findings)]
  const settled = parts.map((part) => ({keys: new Set(part.sources.map(shownSource)), report: reportOf(part)}))
  const everySource = [
    ...sources,
    ...parts.flatMap((part) => part.sources),
    ...findings.map(({origin}) => origin.source),
  ]
  const distinct = new Map(everySource.map((source) => [shownSource(source), source]))
  return [...distinct].map(([key, source]) => ({
    source,
    report: {
      mesh,
      findings: findings.filter(({origin}) => shownSource(origin.source) === key),
      parts: [
        ...(ofAll === undefined ? [] : [ofAll]),
        ...settled.filter(({keys}) => keys.has(key)).map(({report}) => report),
        // What a problem keeps out of the intent is written nowhere.
        ...(problems.some(({origin}) => shownSource(origin.source) === key) ? [{state: 'refused'} as const] : []),
      ],
    },
  }))
}
