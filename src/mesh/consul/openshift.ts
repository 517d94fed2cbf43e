import {parseInteger} from '../go/int.ts'
import type {NamespaceFacts} from '../objects.ts'
import type {Pod} from '../pod.ts'
import {shown} from './shown.ts'

const uidRangeKey = 'openshift.io/sa.scc.uid-range'
const groupsKey = 'openshift.io/sa.scc.supplemental-groups'
/** The highest user or group id that Kubernetes takes. */
const highestId = 2_147_483_647n

export interface Ids {
  readonly dataplane: {readonly user: number; readonly group: number}
  readonly init: {readonly user: number; readonly group: number}
}

export type IdsReading = {readonly ok: true; readonly ids: Ids} | {readonly ok: false; readonly message: string}

interface Range {
  readonly start: bigint
  readonly length: bigint
}
type Highest = {readonly ok: true; readonly ids: readonly number[]} | {readonly ok: false; readonly message: string}

/**
 * User and group of the injected containers on OpenShift: of the ids that the namespace's annotations hand out and the
 * pod does not use itself, the init container gets the highest and the sidecar the next.
 */
export function openShiftIds(namespace: NamespaceFacts, pod: Pod, ownImages: readonly string[]): IdsReading {
  const used = usedIds(pod, ownImages)
  const users = highestTwo(annotation(namespace, uidRangeKey), false, used, namespace.name)
  if (!users.ok) return users
  const groups = highestTwo(
    annotation(namespace, groupsKey) || annotation(namespace, uidRangeKey),
    true,
    used,
    namespace.name,
  )
  if (!groups.ok) return groups
  const [initUser = 0, user = 0] = users.ids
  const [initGroup = 0, group = 0] = groups.ids
  return {ok: true, ids: {dataplane: {user, group}, init: {user: initUser, group: initGroup}}}
}

function annotation({annotations}: NamespaceFacts, key: string): string {
  return Object.hasOwn(annotations, key) ? (annotations[key] ?? '') : ''
}

function usedIds({spec}: Pod, ownImages: readonly string[]): ReadonlySet<bigint> {
  const used = new Set<bigint>()
  const add = (id: number | undefined) => {
    if (id !== undefined) used.add(BigInt(id))
  }
  add(spec.securityContext?.runAsUser)
  for (const {image = '', securityContext} of spec.containers) {
    if (!ownImages.includes(image)) add(securityContext?.runAsUser)
  }
  return used
}

/** The ranges may be long, so they are never written out: the highest free ids lie near their ends. */
function highestTwo(text: string, several: boolean, used: ReadonlySet<bigint>, namespace: string): Highest {
  const refused = (reason: string): Highest => ({
    ok: false,
    message: `namespace ${namespace} hands out ids in ${shown(text)}: ${reason}`,
  })
  const ranges: Range[] = []
  for (const part of several ? text.split(',') : [text]) {
    const range = readRange(part)
    if (range === undefined) return refused('each range is written start/length, such as 1000710000/10000')
    ranges.push(range)
  }
  const found = new Set<bigint>()
  for (const {start, length} of ranges) {
    let left = 2
    for (let id = start + length - 1n; id >= start && left > 0; id--) {
      if (used.has(id)) continue
      found.add(id)
      left--
    }
  }
  const highest = [...found].sort((a, b) => (a < b ? 1 : -1)).slice(0, 2)
  if (highest.length < 2) return refused('fewer than two ids are free')
  if (highest.some((id) => id < 0n || id > highestId)) return refused(`an id must be from 0 to ${highestId}`)
  return {ok: true, ids: highest.map(Number)}
}

function readRange(text: string): Range | undefined {
  const slash = text.split('/')
  const parts = slash.length === 2 ? slash : text.split('-')
  if (parts.length !== 2) return undefined
  const [start, length] = parts.map((part) => parseInteger(part, 10, 64))
  if (start?.ok !== true || length?.ok !== true || length.value < 0n) return undefined
  return {start: start.value, length: length.value}
}
