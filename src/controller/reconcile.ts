import type {Source} from '../intent/origin.ts'
import {shownSource} from '../intent/site.ts'
import type {Built, World} from '../intent/world.ts'
import type {KubeApi} from '../kube/api.ts'
import type {MeshName} from '../mesh/mesh.ts'
import type {Part, RuleFinding, RuleMesh} from '../mesh/translation.ts'
import type {StatusBook} from './book.ts'
import {failureOf, WriteFailure} from './failure.ts'
import type {Kinds} from './kinds.ts'
import type {Ledger} from './ledger.ts'
import {isRefused, planOf, type Plan} from './plan.ts'
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
}

/** Makes the cluster hold what a unit wants, and writes down what became of the rules behind it. */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #translators: Translators

  constructor(options: ReconcilerOptions) {
    this.#options = options
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
    if (translated instanceof WriteFailure) {
      const report: PartReport = failed(translated)
      return {
        sources: book.report(
          unit,
          reportsOf(built, [], () => report, report),
        ),
        failures: [translated],
        writes: 0,
      }
    }
    const plan = planOf(unit, translated, ledger.ofUnit(unit), kinds.order, (object) => isHeldBack(built, object))
    const failures = await this.#carryOut(unit, built.mesh, plan, new Writer(api, kinds, ledger))
    const reportOf = ({name, ...part}: Part): PartReport => {
      const failure = failures.get(name)
      if (failure !== undefined) return failed(failure)
      return {state: isRefused({name, ...part}) ? 'refused' : 'programmed'}
    }
    return {
      sources: book.report(unit, reportsOf(built, translated, reportOf)),
      failures: [...new Set(failures.values())],
      writes: plan.apply.length + plan.remove.length,
    }
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
  async #carryOut(unit: string, mesh: MeshName, plan: Plan, writer: Writer): Promise<Map<string, WriteFailure>> {
    const {kinds, isMissing} = this.#options
    const failures = new Map<string, WriteFailure>()
    for (const application of plan.apply) {
      const {object, parts} = application
      const before = parts.map((part) => failures.get(part)).find((failure) => failure !== undefined)
      // What comes later in the mesh's order may need what could not be written.
      const failure =
        before ??
        (await outcomeOf(() => {
          if (isMissing(object)) throw notServed(object)
          return writer.apply(unit, application)
        }))
      if (failure !== undefined) for (const part of parts) failures.set(part, failure)
    }
    for (const removal of plan.remove) {
      const {live} = removal
      // The old goes when the new is in its place: its own part, or everything where the mesh is another one now.
      const waitsFor = kinds.isOfMesh(mesh, live) ? live.part.split('.') : [...failures.keys()]
      if (waitsFor.some((part) => failures.has(part)) || isMissing(live)) continue
      const failure = await outcomeOf(() => writer.remove(removal))
      if (failure !== undefined) for (const part of live.part.split('.')) failures.set(part, failure)
    }
    return failures
  }
}

async function outcomeOf(write: () => Promise<void>): Promise<WriteFailure | undefined> {
  try {
    await write()
    return undefined
  } catch (error) {
    return failureOf(error)
  }
}

function notServed({apiVersion = '', kind = ''}: {readonly apiVersion?: string; readonly kind?: string}): WriteFailure {
  return new WriteFailure('MW6401', `the cluster does not know ${kind} of ${apiVersion}: its CRD is not installed`)
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
