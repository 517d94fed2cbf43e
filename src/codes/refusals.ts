import type {Entry} from './decisions.ts'

/** MW2xxx: why a pod is refused. The sentence of a refusal names the key and the value; these say what kind it is. */
export const refusals = {
  MW2001: {
    title: 'meshwright.dev/inject is neither enabled nor disabled',
    sentence: 'The label or annotation meshwright.dev/inject takes enabled or disabled only.',
    fix: 'Write meshwright.dev/inject: enabled or meshwright.dev/inject: disabled.',
  },
  MW2002: {
    title: 'unknown meshwright.dev key',
    sentence: 'The pod carries a meshwright.dev/ annotation that does not exist.',
    fix: 'Correct the key, or remove it; the sentence names the nearest one.',
  },
  MW2003: {
    title: 'bad value of a meshwright.dev key',
    sentence: 'The value of a meshwright.dev/ annotation cannot be used.',
    fix: 'Write a value of the kind that the sentence names.',
  },
  MW2004: {
    title: 'image not allowed',
    sentence: "The sidecar's image is not one of mesh.allowedImages.",
    fix: 'Remove the annotation that chooses the image, or ask the administrator to allow it.',
  },
  MW2005: {
    title: 'resources out of bounds',
    sentence: "The sidecar's resources are outside mesh.bounds.",
    fix: 'Choose requests and limits within the bounds that the sentence names.',
  },
  MW2006: {
    title: 'a way around the sidecar',
    sentence: 'mesh.enforced is true, and the pod would keep traffic away from its sidecar.',
    fix: 'Remove the key that the sentence names.',
  },
  MW2007: {
    title: 'refused by the rules of the mesh',
    sentence: "The mesh's own injector refuses this pod too.",
    fix: 'Correct the annotation that the sentence names.',
  },
  MW2008: {
    title: 'not a pod that Kubernetes would take',
    sentence: 'The object does not have the shape of a pod.',
    fix: 'Correct the field that the sentence names.',
  },
  MW2009: {
    title: 'unknown environment',
    sentence: "The namespace's label meshwright.dev/environment names an environment that the configuration lacks.",
    fix: 'Use one of the environments of the mesh configuration, or remove the label.',
  },
  MW2010: {
    title: 'a reserved container name',
    sentence: 'A container of the pod has the name of one that the sidecar needs.',
    fix: 'Rename the container.',
  },
  MW2011: {
    title: 'unknown MeshConfig',
    sentence: "The namespace's label meshwright.dev/config names a MeshConfig that the webhook does not have.",
    fix: 'Use the name of a MeshConfig of the cluster, or remove the label.',
  },
  MW2012: {
    title: 'more than a pod needs',
    sentence: 'The object is larger, or has more parts, than the webhook works on: others would have to wait.',
    fix: 'Move data into a ConfigMap or a volume, and containers into pods of their own.',
  },
} as const satisfies Record<string, Entry>

export type RefusalCode = keyof typeof refusals
