/** The AdmissionReview that an API server sends of a pod that a controller creates. */
export function podReview(uid: string, namespace: string, pod: object & {metadata?: {name?: string}}): string {
  const [kind, resource] = [
    {group: '', version: 'v1', kind: 'Pod'},
    {group: '', version: 'v1', resource: 'pods'},
  ]
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      ...(pod.metadata?.name !== undefined && {name: pod.metadata.name}),
      namespace,
      operation: 'CREATE',
      userInfo: {username: 'system:serviceaccount:kube-system:replicaset-controller', groups: ['system:authenticated']},
      object: pod,
      oldObject: null,
      dryRun: false,
      options: {apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions'},
    },
  })
}
