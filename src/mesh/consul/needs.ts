import type {Configuration} from '../../config/schema.ts'
import type {Objects} from '../objects.ts'
import type {Need, ResourceKind} from '../resource.ts'
import {readNeutral} from './neutral.ts'
import {readSettings} from './settings.ts'

const accounts: ResourceKind = {apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true}
const secrets: ResourceKind = {apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true}
const proxyDefaults: ResourceKind = {
  apiVersion: 'consul.hashicorp.com/v1alpha1',
  kind: 'ProxyDefaults',
  plural: 'proxydefaults',
  namespaced: true,
}
/** What settings are read from; a Secret only ever by its name. */
const settingsKinds = new Map([secrets, proxyDefaults].map((kind) => [kind.kind, kind]))

/** The accounts of multi-port services, and what the settings themselves ask for. */
export function needs(configuration: Configuration): readonly Need[] {
  const asked: Need[] = [{kind: accounts}]
  const recorder: Objects = {
    get(kind, namespace, name) {
      const known = settingsKinds.get(kind)
      if (known !== undefined) asked.push({kind: known, namespace, name})
      return undefined
    },
    namespace: () => undefined,
  }
  readSettings(configuration, readNeutral(configuration), recorder)
  return asked
}
