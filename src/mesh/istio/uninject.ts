import type {Pod} from '../pod.ts'
export function carriesSidecar(_: Pod): boolean {
  return false
}
export function withoutSidecar(pod: Pod): Pod {
  return pod
}
