import type {Entry} from './decisions.ts'
import {consulRules} from './rules-consul.ts'
import {controllerRules} from './rules-controller.ts'
import {istioRules} from './rules-istio.ts'
import {linkerdRules} from './rules-linkerd.ts'

/** MW60xx: what is wrong with a rule whatever the mesh. */
const neutralRules = {
  MW6001: {
    title: 'no such service',
    sentence: 'A rule is about a service of which the cluster has none of that name.',
    fix: 'Create the Service, or correct the name; the rule is taken up when the Service appears.',
  },
  MW6002: {
    title: 'another rule counts',
    sentence: 'Another rule is about the same service, and only one can count.',
    fix: "Keep one of the two; the administrator's comes first, then one of the service's own namespace, then the older.",
  },
  MW6003: {
    title: 'no such version',
    sentence: 'A rule names a version that the service does not have.',
    fix: 'Add it to versions, or correct the name.',
  },
  MW6004: {
    title: 'no pod of the version',
    sentence: 'A version is to get traffic, and no pod of the service carries its labels.',
    fix: 'Deploy the version, or give the labels that its pods have; the rule is taken up when the first pod appears.',
  },
  MW6005: {
    title: 'not a valid rule',
    sentence: 'A field of the rule is missing, unknown, or has a value that it cannot have.',
    fix: 'Correct the field that the sentence names.',
  },
  MW6006: {
    title: 'shares that cannot be said',
    sentence: 'The weights are no shares of a whole, or come to less than one percent.',
    fix: 'Give weights that come to whole percents.',
  },
  MW6007: {
    title: 'no ReferenceGrant',
    sentence: "The rule is about another namespace's service, and that namespace does not grant it.",
    fix: 'Have a ReferenceGrant made there, or put the rule into the namespace of the service.',
  },
  MW6008: {
    title: 'a caller without pods',
    sentence: 'Meshes know callers by the ServiceAccounts of their pods, and the caller has no pod.',
    fix: 'Deploy the caller; the rule is taken up when its first pod appears.',
  },
  MW6009: {
    title: 'not HTTP',
    sentence: 'The rule speaks of requests, and the service does not speak HTTP.',
    fix: "Correct the Service port's appProtocol or name, or the protocol of its MeshService; or leave out what is about requests.",
  },
  MW6010: {
    title: 'applied in process',
    sentence:
      'mesh.trafficManagement.enableBypass is true: the SDK applies the rule, and nothing is written for the mesh.',
    fix: 'Nothing to do; set it to false to have the mesh apply the rule.',
  },
  MW6011: {
    title: 'no such configuration',
    sentence: 'A label of the namespace names a MeshConfig or an environment that there is not.',
    fix: 'Correct the label, or create what it names; until then what the namespace has stays.',
  },
  MW6012: {
    title: 'a configuration that cannot be used',
    sentence: 'The MeshConfig is not a valid configuration; the last good one stays in force.',
    fix: 'Correct what the sentence names.',
  },
  MW6013: {
    title: 'nothing beside the canary',
    sentence: 'The rest of the traffic has no version to stay with.',
    fix: 'Name the other version in versions, or write a split.',
  },
  MW6014: {
    title: 'a try longer than the call',
    sentence: 'The limit on one try is above the limit on all tries together.',
    fix: 'Shorten perTryTimeout or lengthen timeout.',
  },
  MW6015: {
    title: 'not a service of the cluster',
    sentence: 'A host is a wildcard or a name outside the cluster.',
    fix: 'Name a Kubernetes service.',
  },
  MW6016: {
    title: 'never reached',
    sentence: 'A route stands behind one that every request matches.',
    fix: 'Move it up, or remove it.',
  },
  MW6017: {
    title: "another configuration's namespace",
    sentence: 'A rule of a configuration is about a service in a namespace that another configuration governs.',
    fix: 'Move the rule to the configuration that governs the namespace.',
  },
  MW6018: {
    title: 'not registered',
    sentence: 'mesh.serviceDiscovery.enabled is false: services are not registered with the mesh.',
    fix: 'Nothing to do; set it to true to have services registered.',
  },
  MW6019: {
    title: 'no such port',
    sentence: 'The service registers with a port that its Kubernetes Service does not have.',
    fix: 'Correct the port, or add it to the Service.',
  },
} as const satisfies Record<string, Entry>

export const ruleCodes = {...neutralRules, ...istioRules, ...linkerdRules, ...consulRules, ...controllerRules} as const
export type RuleCode = keyof typeof ruleCodes
