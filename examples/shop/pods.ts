import {readDocuments} from '../../src/cli/manifest-document.ts'
import {createPod, objectsOf, workloadOf} from '../../src/cli/manifest-workload.ts'
import {isValues, type Values} from '../../src/mesh/values.ts'

/** A pod of the shop on its way into the cluster. */
export interface ShopPod {
  /** `deployment/user-service` */
  readonly workload: string
  readonly kind: string
  readonly namespace: string
  /** What the API server puts into an AdmissionReview. */
  readonly pod: Values
}

export interface Shop {
  readonly pods: readonly ShopPod[]
  /** What a cluster's cache would hold: the namespaces and every pod's owners. */
  readonly objects: readonly unknown[]
}

/** Reads manifests and creates the pods that their controllers would. */
export function readShop(manifests: readonly {readonly name: string; readonly text: string}[]): Shop {
  const pods: ShopPod[] = []
  const objects: unknown[] = []
  for (const {name, text} of manifests) {
    for (const {value} of readDocuments(name, text)) {
      for (const {object, path} of objectsOf(value)) {
        if (object['kind'] === 'Namespace') objects.push(object)
        const workload = workloadOf(object, path)
        if (workload === undefined) continue
        const namespace = workload.namespace ?? 'default'
        const {pod, owners} = createPod(workload, namespace)
        objects.push(...owners)
        const {kind} = workload
        pods.push({workload: `${kind.toLowerCase()}/${workload.name}`, kind, namespace, pod: asStored(pod)})
      }
    }
  }
  return {pods, objects}
}

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const tokenVolume = 'kube-api-access-x7k2p'

/** The pod after the API server's defaults and its own admission plugins, which run before any webhook. */
function asStored(pod: Values): Values {
  const spec = isValues(pod['spec']) ? pod['spec'] : {}
  const account = spec['serviceAccountName'] ?? 'default'
  const {containers, initContainers, volumes} = spec
  return {
    ...pod,
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
      priority: 0,
      tolerations: ['not-ready', 'unreachable'].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      ...spec,
      serviceAccountName: account,
      serviceAccount: account,
      containers: listOf(containers).map(containerAsStored),
      ...(Array.isArray(initContainers) && {initContainers: listOf(initContainers).map(containerAsStored)}),
      volumes: [...listOf(volumes), accountVolume()],
    },
    status: {},
  }
}

function containerAsStored(container: Values): Values {
  const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((key) => {
    const probe = container[key]
    return isValues(probe) ? [[key, probeAsStored(probe)] as const] : []
  })
  return {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    ...container,
    ...(Array.isArray(container['ports']) && {
      ports: listOf(container['ports']).map(portAsStored),
    }),
    ...Object.fromEntries(probes),
    volumeMounts: [...listOf(container['volumeMounts']), {name: tokenVolume, readOnly: true, mountPath: tokenPath}],
  }
}

function portAsStored(port: Values): Values {
  return {protocol: 'TCP', ...port}
}

function probeAsStored(probe: Values): Values {
  const {httpGet, grpc} = probe
  return {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    ...probe,
    ...(isValues(httpGet) && {httpGet: {scheme: 'HTTP', ...httpGet}}),
    ...(isValues(grpc) && {grpc: {service: '', ...grpc}}),
  }
}

function accountVolume(): Values {
  const fieldRef = {apiVersion: 'v1', fieldPath: 'metadata.namespace'}
  return {
    name: tokenVolume,
    projected: {
      defaultMode: 420,
      sources: [
        {serviceAccountToken: {expirationSeconds: 3607, path: 'token'}},
        {configMap: {name: 'kube-root-ca.crt', items: [{key: 'ca.crt', path: 'ca.crt'}]}},
        {downwardAPI: {items: [{path: 'namespace', fieldRef}]}},
      ],
    },
  }
}

export function listOf(value: unknown): readonly Values[] {
  return Array.isArray(value) ? value.filter(isValues) : []
}
