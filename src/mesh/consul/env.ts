import type {EnvVar} from '../pod.ts'

/** An environment variable as Go prints it: without `value` where that is empty. */
export function envVar(name: string, value: string): EnvVar {
  return value === '' ? {name} : {name, value}
}

/** An environment variable with a field of the pod. */
export function fieldVar(name: string, fieldPath: string): EnvVar {
  return {name, valueFrom: {fieldRef: {fieldPath}}}
}
