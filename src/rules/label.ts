import type {StringMap} from '../mesh/pod.ts'

const name = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const prefix = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/** What a label may be, as CEL for the API server: `app.kubernetes.io/version` and a value of at most 63 characters. */
export const celIsLabel =
  "key.matches('^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$') && " +
  "self[key].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$')"

/** Whether pods could carry these labels at all. */
export function areLabels(labels: StringMap): boolean {
  return Object.entries(labels).every(([key, value]) => {
    const slash = key.indexOf('/')
    const isKey = name.test(key.slice(slash + 1)) && (slash === -1 || prefix.test(key.slice(0, slash)))
    return isKey && (value === '' || name.test(value))
  })
}
