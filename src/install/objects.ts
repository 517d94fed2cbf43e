import {stringify} from 'yaml'
import {definitions} from '../crd/definition.ts'
import type {KubeObject} from '../mesh/pod.ts'
import {isValues} from '../mesh/values.ts'
import {certManagerObjects} from './certificates.ts'
import {controllerObjects} from './controller.ts'
import {controllerRights} from './controller-rights.ts'
import {monitoringObjects} from './monitoring.ts'
import {admissionLabel, labelsOf, names} from './names.ts'
import {networkPolicies} from './network.ts'
import {configurationFile} from './pod.ts'
import {registration} from './registration.ts'
import type {Release} from './release.ts'
import {accountOf} from './rights.ts'
import {webhookObjects} from './webhook.ts'
import {webhookRights} from './webhook-rights.ts'

/** Everything of an installation but its namespace, in the order of application: the registration last. Pure. */
export function installedObjects(release: Release): readonly KubeObject[] {
  const {values, namespace} = release
  const where = {mesh: values.mesh, namespace}
  return [
    ...(values.crds.install ? [...definitions().values()] : []),
    ...priorityClass(release),
    configuration(release),
    ...accountOf('webhook', webhookRights, where),
    ...accountOf('controller', controllerRights, where),
    ...networkPolicies(release),
    ...certManagerObjects(release),
    ...controllerObjects(release),
    ...webhookObjects(release),
    ...monitoringObjects(release),
    registration(release),
  ]
}

/**
 * Nothing in it needs more than the strictest of Kubernetes' profiles leaves. The label keeps the webhook out of its own way
 * whatever somebody renames the namespace to.
 */
export function namespaceObject(namespace: string): KubeObject {
  const labels = {...labelsOf(), [admissionLabel]: 'disabled', 'pod-security.kubernetes.io/enforce': 'restricted'}
  return {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace, labels}}
}

/** Of its own, for the cluster's may only be used in kube-system where a quota says so. */
function priorityClass({values}: Release): readonly KubeObject[] {
  if (values.priorityClassName !== '') return []
  return [
    {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: {name: names.priorityClass, labels: labelsOf()},
      description: 'Meshwright: no pod of a mesh starts without it.',
      value: 1_000_000_000,
    },
  ]
}

/** Counts where there is no MeshConfig `default`. A word on failures must be the registration's as well. */
function configuration({values, namespace}: Release): KubeObject {
  const {mesh} = values.config
  const config = {...values.config, mesh: {failurePolicy: values.failurePolicy, ...(isValues(mesh) ? mesh : {})}}
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {name: names.configuration, namespace, labels: labelsOf()},
    data: {[configurationFile]: stringify(config)},
  }
}
