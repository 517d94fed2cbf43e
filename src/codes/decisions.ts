/** One row of the table of everything that a user can meet; `docs/codes.md` is generated from these tables. */
export interface Entry {
  readonly title: string
  readonly sentence: string
  readonly fix: string
}

/** MW1xxx: why a pod got a sidecar (MW10xx), or did not (MW11xx). */
export const decisions = {
  MW1001: {
    title: 'pod opted in',
    sentence: 'The pod carries meshwright.dev/inject: enabled.',
    fix: 'Nothing to do; set it to disabled to leave the pod out.',
  },
  MW1002: {
    title: "pod opted in with the mesh's own key",
    sentence: "The pod carries the mesh's own switch, and the mesh's rules honour it.",
    fix: 'Nothing to do; remove the key to let the namespace decide.',
  },
  MW1003: {
    title: 'namespace opted in',
    sentence: 'The namespace carries the label meshwright.dev/inject: enabled.',
    fix: 'Nothing to do; a pod opts out with meshwright.dev/inject: disabled.',
  },
  MW1004: {
    title: "namespace opted in with the mesh's own switch",
    sentence: "The namespace carries the mesh's own switch.",
    fix: 'Nothing to do; a pod opts out with meshwright.dev/inject: disabled.',
  },
  MW1005: {
    title: 'injected automatically',
    sentence: 'mesh.autoInject is true and the namespace is one of mesh.injectionNamespace.',
    fix: 'Nothing to do; label the namespace meshwright.dev/inject: disabled to leave it out.',
  },
  MW1006: {
    title: "the mesh's default policy injects",
    sentence: "Nobody spoke, and the mesh's own default policy injects.",
    fix: 'Nothing to do; set mesh.autoInject to decide it yourself.',
  },
  MW1007: {
    title: 'enforced',
    sentence: 'mesh.enforced is true, so the opt-out was not heeded.',
    fix: 'Ask the administrator of the mesh configuration for an exception.',
  },
  MW1101: {
    title: "Meshwright's own namespace",
    sentence: "Pods of Meshwright's own namespace never get a sidecar.",
    fix: 'Run the workload in another namespace.',
  },
  MW1102: {
    title: 'not a creation',
    sentence: 'A sidecar is added when a pod is created, never by an update.',
    fix: 'Delete the pod, or restart its workload, so that it is created anew.',
  },
  MW1103: {
    title: 'a subresource',
    sentence: 'Requests for subresources, such as pods/exec, are left alone.',
    fix: 'Nothing to do.',
  },
  MW1104: {
    title: 'pod opted out',
    sentence: 'The pod carries meshwright.dev/inject: disabled.',
    fix: 'Set it to enabled, or remove it, and recreate the pod.',
  },
  MW1105: {
    title: "pod opted out with the mesh's own key",
    sentence: "The pod carries the mesh's own switch, and by the mesh's rules that is a no.",
    fix: "Change or remove the mesh's own key on the pod template, or add meshwright.dev/inject: enabled.",
  },
  MW1106: {
    title: 'namespace opted out',
    sentence: 'The namespace carries the label meshwright.dev/inject: disabled.',
    fix: 'Label the namespace meshwright.dev/inject: enabled and restart its workloads.',
  },
  MW1107: {
    title: "namespace opted out with the mesh's own switch",
    sentence: "The mesh's own switch on the namespace, or its list of namespaces, says no.",
    fix: "Change the mesh's own switch, or label the namespace meshwright.dev/inject: enabled.",
  },
  MW1108: {
    title: 'opt-in only',
    sentence: 'mesh.autoInject is false and neither pod nor namespace opted in.',
    fix: 'Label the namespace meshwright.dev/inject: enabled, or annotate the pod template.',
  },
  MW1109: {
    title: 'outside injectionNamespace',
    sentence: 'mesh.autoInject is true, but the namespace is not one of mesh.injectionNamespace.',
    fix: 'Add the namespace to mesh.injectionNamespace, or label it meshwright.dev/inject: enabled.',
  },
  MW1110: {
    title: "the mesh's default policy does not inject",
    sentence: "Nobody spoke, and the mesh's own default policy does not inject.",
    fix: "Label the namespace meshwright.dev/inject: enabled, or use the mesh's own switch.",
  },
  MW1111: {
    title: 'a system namespace',
    sentence: "kube-system, kube-public, kube-node-lease and the mesh's own namespace never get a sidecar.",
    fix: 'Run the workload in another namespace.',
  },
  MW1112: {
    title: 'host network',
    sentence: "The pod uses the host's network, where traffic capture would hit the whole node.",
    fix: 'Remove hostNetwork: true if the pod should be in the mesh.',
  },
  MW1113: {
    title: 'a mirror pod',
    sentence: 'The pod mirrors a static pod, which the kubelet runs as written.',
    fix: 'Run the workload through the API server instead of a static manifest.',
  },
  MW1114: {
    title: "another mesh's sidecar",
    sentence: "The pod already carries another mesh's sidecar.",
    fix: "Remove the other mesh's sidecar or its switch, then recreate the pod.",
  },
  MW1115: {
    title: 'already injected',
    sentence: "The pod already carries this mesh's sidecar.",
    fix: 'Nothing to do.',
  },
  MW1116: {
    title: "not selected by the mesh's webhook",
    sentence: "The selectors of the mesh's own webhook leave this pod or namespace out.",
    fix: "Change the label that the selector names, or the mesh's values for its webhook.",
  },
  MW1117: {
    title: 'not a pod',
    sentence: 'Only pods get a sidecar.',
    fix: 'Nothing to do.',
  },
  MW1118: {
    title: 'the service account token is missing',
    sentence: "The proxy needs the pod's service account token, and the pod does not mount one.",
    fix: 'Remove automountServiceAccountToken: false from the pod template.',
  },
} as const satisfies Record<string, Entry>

export type DecisionCode = keyof typeof decisions
