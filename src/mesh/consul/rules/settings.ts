import type {Configuration} from '../../../config/schema.ts'
import {overlay} from '../../values.ts'
import {ChartValues} from '../chart-values.ts'
import {readNamespaces, type Namespaces} from '../connection.ts'
import {chartDefaults} from '../defaults.ts'

/** What rules have to know of the installed Consul. */
export interface RuleSettings {
  /** Consul Enterprise's namespaces; undefined where they are off, so that a name means one service in the whole cluster. */
  readonly namespaces: Namespaces | undefined
  /** Who is not named by any intention is turned away: the chart's ACLs set default_policy to deny. */
  readonly deniesByDefault: boolean
  readonly transparentProxy: boolean
  /** `mesh.strict`: what is only approximated is refused by the plan, so others must not rely on it. */
  readonly strict: boolean
}

export function readRuleSettings({mesh}: Configuration): RuleSettings {
  const values = new ChartValues(overlay(chartDefaults, mesh.consul?.values ?? {}))
  return {
    namespaces: readNamespaces(values),
    deniesByDefault: values.truth('global.acls.manageSystemACLs'),
    transparentProxy: values.truth('connectInject.transparentProxy.defaultEnabled'),
    strict: mesh.strict === true,
  }
}
