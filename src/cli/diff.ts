import {Command} from 'commander'
import {stringify} from 'yaml'
import {appliedAnnotation} from '../controller/live.ts'
import type {KubeApi} from '../kube/api.ts'
import {KubeError} from '../kube/errors.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {differences, type Difference} from './diff-cluster.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {Progress} from './progress.ts'
import {Report} from './report.ts'
import {tellFindings} from './rule-findings.ts'
import {environmentFor, readRules} from './rule-input.ts'
import {withRules, type RuleOptions} from './rule-options.ts'
import {unifiedDiff} from './unified-diff.ts'

type DiffOptions = RuleOptions & ClusterOptions

/** `diff`: what the controller would write, were these rules in the cluster. */
export function diffCommand(io: Io): Command {
  return withCluster(
    withRules(
      new Command('diff').description(
        "Show what of the mesh's own objects in the cluster would change, were these rules applied, and the rest of it left as it is. " +
          'The API server says what each object would become; nothing is written. Exit code 0: nothing, 1: something, or a rule is refused, 2: it cannot be told.',
      ),
    ),
  ).action(async (options: DiffOptions) => {
    const api = await connectTo(options, io)
    try {
      const {changed, refused} = await compare(api, options, io)
      for (const {name, before, after} of changed) io.stdout.write(unifiedDiff(name, textOf(before), textOf(after)))
      if (changed.length + refused > 0) throw new Failure('')
    } catch (error) {
      // As kubectl diff: 1 is for what differs.
      if (error instanceof Failure && error.message !== '') throw new Failure(error.message, 2)
      if (error instanceof KubeError) throw new Failure(error.message, 2)
      throw error
    } finally {
      await api.close()
    }
  })
}

interface Compared {
  readonly changed: readonly Difference[]
  /** Parts of rules that would not be written. */
  readonly refused: number
}

async function compare(api: KubeApi, options: DiffOptions, io: Io): Promise<Compared> {
  const report = new Report(io)
  const input = await readRules(options, io)
  for (const remark of input.remarks) report.plain(remark)
  const environment = environmentFor(input, options, io)
  const progress = new Progress(io)
  try {
    const {changed, findings, failures} = await differences(api, input, {mesh: options.mesh, environment}, (text) =>
      progress.tell(text),
    )
    progress.end()
    const refused = tellFindings(findings, report)
    for (const failure of failures) report.line('failed', failure)
    return {changed, refused: refused + failures.length}
  } finally {
    progress.end()
  }
}

/** What people write, without what the API server and we ourselves keep books with. */
function textOf(object: KubeObject | undefined): string {
  if (object === undefined) return ''
  const {status: _status, metadata = {}, ...rest} = object
  const {
    managedFields: _fields,
    uid: _uid,
    resourceVersion: _version,
    generation: _generation,
    creationTimestamp: _created,
    annotations = {},
    ...kept
  } = metadata
  const {[appliedAnnotation]: _applied, ...notes} = annotations
  const annotated = Object.keys(notes).length > 0 ? {annotations: notes} : {}
  return stringify({...rest, metadata: {...kept, ...annotated}}, {version: '1.1', lineWidth: 0, sortMapEntries: true})
}
