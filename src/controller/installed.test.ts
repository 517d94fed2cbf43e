import {expect, test} from 'vitest'
import {configurationSchema} from '../config/schema.ts'
import {Installed} from './installed.ts'

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {namespace: 'istio-system', name: 'istio'},
  data: {mesh: 'trustDomain: shop.example\n'},
}

test('a configuration is completed by what Istio keeps, the same object until that changes', () => {
  const installed = new Installed(() => {})
  const written = configurationSchema.parse({mesh: {type: 'istio'}})
  expect(installed.complete('istio', written)).toBe(written)
  installed.set(configMap)
  const completed = installed.complete('istio', written)
  expect(completed.mesh.istio?.meshConfig).toEqual({trustDomain: 'shop.example'})
  expect(installed.complete('istio', written)).toBe(completed)
  installed.delete(configMap)
  expect(installed.complete('istio', written)).toBe(written)
})

test('what cannot be read is told, and the configuration stays as it was written', () => {
  const told: string[] = []
  const installed = new Installed((message) => told.push(message))
  installed.set({...configMap, data: {mesh: '{'}})
  const written = configurationSchema.parse({mesh: {type: 'istio'}})
  expect(installed.complete('istio', written)).toBe(written)
  expect(told).toEqual([expect.stringContaining('mesh of ConfigMap istio-system/istio')])
})
