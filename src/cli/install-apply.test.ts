import fc from 'fast-check'
import {expect, test} from 'vitest'
import {titleOf} from '../install/kinds.ts'
import {installedObjects} from '../install/objects.ts'
import {valuesSchema} from '../install/values.ts'
import {everyObject} from './install-apply.ts'

test('every object that any choice of values installs is one that uninstall looks for', () => {
  const every = new Set(everyObject('mesh').map(titleOf))
  const choice = fc.record({
    mesh: fc.constantFrom('', 'istio', 'linkerd', 'consul'),
    certificates: fc.record({issuer: fc.constantFrom('controller', 'cert-manager')}),
    priorityClassName: fc.constantFrom('', 'high'),
    networkPolicy: fc.record({enabled: fc.boolean()}),
    monitoring: fc.record({podMonitor: fc.boolean(), rules: fc.boolean(), dashboards: fc.boolean()}),
    crds: fc.record({install: fc.boolean()}),
  })
  fc.assert(
    fc.property(choice, (values) => {
      const objects = installedObjects({values: valuesSchema.parse(values), namespace: 'mesh', version: '1'})
      expect(objects.map(titleOf).filter((title) => !every.has(title))).toEqual([])
    }),
  )
})
