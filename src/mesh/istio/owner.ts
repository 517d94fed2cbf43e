import {flat} from '../flat.ts'
import type {Pod} from '../pod.ts'
import {own} from './annotations.ts'

/** The workload that a pod belongs to, as far as the pod itself tells. */
export interface Owner {
  readonly name: string
  readonly namespace: string
  readonly apiVersion: string
  readonly kind: string
}

/** As istiod guesses it (pkg/kube/util.go GetDeployMetaFromPod): owners count only where the pod's name is generated. */
export function ownerOf(pod: Pod, namespace: string): Owner {
  const {metadata} = pod
  const base = {name: metadata.name ?? '', namespace, apiVersion: 'v1', kind: 'Pod'}
  if ((metadata.generateName ?? '') === '') return base
  const controller = metadata.ownerReferences?.find((reference) => reference.controller === true)
  if (controller === undefined) return base
  const owner = {
    ...base,
    name: controller.name ?? '',
    apiVersion: controller.apiVersion ?? '',
    kind: controller.kind ?? '',
  }
  const known = workloadOf(pod, owner)
  return known.name === '' ? {...known, name: base.name} : known
}

function workloadOf(pod: Pod, owner: Owner): Owner {
  const label = (key: string) => own(pod.metadata.labels, key) ?? ''
  switch (owner.kind) {
    case 'ReplicaSet': {
      const deployment = withoutHash(owner.name, label('pod-template-hash'))
      if (deployment !== undefined) return {...owner, name: deployment, kind: 'Deployment'}
      const rollout = withoutHash(owner.name, label('rollouts-pod-template-hash'))
      return rollout === undefined ? owner : {...owner, name: rollout, kind: 'Rollout', apiVersion: 'v1alpha1'}
    }
    case 'ReplicationController': {
      const config = label('deploymentconfig')
      return config === '' ? owner : {...owner, name: config, kind: 'DeploymentConfig'}
    }
    case 'Job': {
      const scheduled = /^([^\n]+)-\d{8,10}$/.exec(owner.name)?.[1]
      return scheduled === undefined ? owner : {...owner, name: scheduled, kind: 'CronJob', apiVersion: 'batch/v1'}
    }
    default:
      return owner
  }
}

function withoutHash(name: string, hash: string): string | undefined {
  if (hash === '' || !name.endsWith(hash)) return undefined
  return name.endsWith(`-${hash}`) ? flat(name.slice(0, -hash.length - 1)) : name
}
