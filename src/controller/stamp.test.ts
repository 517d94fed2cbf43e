import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {stamped, unitLabel} from './stamp.ts'

const legalLabel = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/
const dnsLabel = fc.stringMatching(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/)

describe('the label of a unit', () => {
  test('reads like the unit', () => {
    expect(unitLabel('service/shop/order-service')).toBe('service.shop.order-service')
    expect(unitLabel('namespace/shop')).toBe('namespace.shop')
    expect(unitLabel('mesh/')).toBe('mesh')
  })

  test('is legal whatever the names, and another one for another unit', () => {
    fc.assert(
      fc.property(dnsLabel, dnsLabel, dnsLabel, (namespace, name, other) => {
        const label = unitLabel(`service/${namespace}/${name}`)
        expect(label).toMatch(legalLabel)
        if (name !== other) expect(unitLabel(`service/${namespace}/${other}`)).not.toBe(label)
      }),
    )
  })
})

describe('the marks on an object', () => {
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: {name: 'orders', namespace: 'shop', labels: {team: 'a'}},
    spec: {hosts: ['orders']},
  }

  test('name the unit and the part, and call it managed by us', () => {
    expect(stamped({object, mode: 'own'}, 'service/shop/orders', 'traffic')).toEqual({
      ...object,
      metadata: {
        name: 'orders',
        namespace: 'shop',
        labels: {
          team: 'a',
          'app.kubernetes.io/managed-by': 'meshwright',
          'meshwright.dev/unit': 'service.shop.orders',
          'meshwright.dev/part': 'traffic',
        },
        annotations: {'meshwright.dev/unit': 'service/shop/orders'},
      },
    })
  })

  test('do not call managed by us what belongs to somebody else', () => {
    const {metadata} = stamped({object, mode: 'contribute'}, 'service/shop/orders', 'traffic')
    expect(metadata?.labels).toEqual({
      team: 'a',
      'meshwright.dev/unit': 'service.shop.orders',
      'meshwright.dev/part': 'traffic',
    })
  })

  test('tell what several may write to', () => {
    const {metadata} = stamped({object, mode: 'share'}, 'mesh/', 'defaults')
    expect(metadata?.annotations).toEqual({'meshwright.dev/unit': 'mesh/', 'meshwright.dev/mode': 'share'})
  })
})
