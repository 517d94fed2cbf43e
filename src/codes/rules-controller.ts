import type {Entry} from './decisions.ts'

/** MW64xx: what the controller meets while it writes; `reason` is that of the condition `Programmed`. */
export const controllerRules = {
  MW6401: {
    title: 'a kind that the cluster does not know',
    sentence: "The mesh's own kind of object is not installed, so nothing of the rule is written.",
    fix: "Install the mesh's CustomResourceDefinitions; the rule is written when they appear.",
    reason: 'CRDMissing',
  },
  MW6402: {
    title: 'the name is taken',
    sentence: 'An object of the name that the rule needs exists and is not ours; it is left as it is.',
    fix: 'Remove or rename the object, or annotate it with meshwright.dev/adopt: "true" where it says the same.',
    reason: 'Conflicted',
  },
  MW6403: {
    title: 'not adopted',
    sentence: 'The object is to be adopted, and it does not say the same as the rule.',
    fix: 'Make the two agree, or remove the object.',
    reason: 'Conflicted',
  },
  MW6404: {
    title: 'a field is taken',
    sentence: 'Somebody else has set a field of an object that belongs to neither; it is left as it is.',
    fix: 'Let whoever is named stop setting the field.',
    reason: 'Conflicted',
  },
  MW6405: {
    title: 'refused by the API server',
    sentence: 'The API server, or an admission webhook, refuses the object.',
    fix: 'Read its words; where they do not name something that you wrote, report it to us.',
    reason: 'Rejected',
  },
  MW6406: {
    title: 'not allowed to write',
    sentence: "The controller's ServiceAccount may not write this kind of object.",
    fix: 'Apply manifests/rbac/controller.yaml.',
    reason: 'Forbidden',
  },
  MW6407: {
    title: 'the API server did not answer',
    sentence: 'The API server could not be reached, or failed; the write is tried again.',
    fix: 'Nothing to do unless it stays.',
    reason: 'Unavailable',
  },
  MW6408: {
    title: 'still being deleted',
    sentence: 'The object, or its namespace, is being deleted; it is written again when it is gone.',
    fix: 'Nothing to do unless it stays: then a finalizer of somebody else holds it.',
    reason: 'Deleting',
  },
  MW6409: {
    title: 'not translated',
    sentence: 'The rule could not be translated for a reason that should not be; what was written before stays.',
    fix: 'Report it to us with the rule.',
    reason: 'Internal',
  },
  MW6410: {
    title: 'no such namespace',
    sentence: 'The object belongs into a namespace that the cluster does not have.',
    fix: 'Install the mesh whose namespace it is, or correct the name in the configuration.',
    reason: 'NamespaceNotFound',
  },
} as const satisfies Record<string, Entry & {readonly reason: string}>

export type ControllerCode = keyof typeof controllerRules
