import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {MeshName} from '../../src/mesh/mesh.ts'
import {meshNames} from '../../src/mesh/mesh.ts'
import {needsShared} from '../shared.ts'
import {meshwright} from './harness.ts'

type Unfollowed = Readonly<Record<MeshName, readonly string[]>>

const image = ['mesh.sidecarImage']
const proxy = ['statNameLength', 'enableProfiling'].map((key) => `mesh.sidecar.proxy.config.${key}`)
/** By sample, the keys that it writes and that mesh cannot follow at injection. */
const unfollowed: Readonly<Record<string, Unfollowed>> = {
  '01-inject.yaml': {istio: image, linkerd: image, consul: image},
  '04-security.yaml': {istio: [], linkerd: [], consul: []},
  '06-istio.yaml': {
    istio: ['mesh.controlPlane.port'],
    linkerd: ['mesh.controlPlane', 'mesh.telemetry.samplingRate'],
    consul: [],
  },
  '07-linkerd.yaml': {
    istio: ['mesh.controlPlane.port'],
    linkerd: ['mesh.controlPlane', 'mesh.telemetry.samplingRate', 'mesh.tracing.enabled'],
    consul: [],
  },
  '08-consul.yaml': {
    istio: ['mesh.controlPlane.port', 'mesh.serviceDiscovery.healthCheckInterval'],
    linkerd: ['mesh.controlPlane', 'mesh.serviceDiscovery.healthCheckInterval'],
    consul: [],
  },
  '09-shop.yaml': {
    istio: [],
    linkerd: ['mesh.telemetry.metrics', 'mesh.telemetry.samplingRate', 'mesh.tracing.enabled'],
    consul: ['mesh.telemetry.metrics'],
  },
  '13-sidecar.yaml': {
    istio: ['mesh.sidecar.proxy.config.enableProfiling'],
    linkerd: ['mesh.sidecar.proxy.config.accessLogFile', ...proxy],
    consul: proxy,
  },
  '15-environments.yaml': {istio: [], linkerd: [], consul: []},
}
/** What a cluster has and a sample does not say. */
const cluster =
  'mesh: {consul: {clusterDNS: {nameservers: [10.96.0.10], searches: [cluster.local], options: ["ndots:5"]}}}\n'

needsShared("the user's samples at injection", (shared) => {
  const folder = join(shared, 'samples')
  const samples = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  const [meshes, rest] = [
    samples.filter((name) => /^0[678]-/.test(name)),
    samples.filter((name) => !/^0[678]-/.test(name)),
  ]
  const cases = [...samples.map((name) => [name]), ...meshes.map((name) => rest.concat(name))].flatMap((names) =>
    meshNames.map((mesh) => ({title: names.length === 1 ? names[0] : `all with ${names.at(-1)}`, names, mesh})),
  )

  test('are all expected', () => {
    expect(samples.toSorted()).toEqual(Object.keys(unfollowed))
  })

  test.each(cases)(
    '$title gives the shop $mesh sidecars and names each key that cannot be followed',
    async ({names, mesh}) => {
      const config = names.flatMap((name) => ['--config', join(folder, name)])
      const args = ['inject', '-f', 'examples/shop', ...config, '--config', '-', '--mesh', mesh, '--always']
      const {code, stderr} = await meshwright(args, {stdin: cluster})
      expect(stderr).not.toContain('×')
      expect(code).toBe(0)
      expect(stderr.match(/^. \S+\/\S+ injected /gm)).toHaveLength(8)
      const told = stderr.match(/MW300\d [^:]+:/g) ?? []
      for (const key of names.flatMap((name) => unfollowed[name]?.[mesh] ?? [])) {
        expect(
          told.some((line) => line.includes(key)),
          `${key} in ${told.join(' ')}`,
        ).toBe(true)
      }
    },
  )

  test('environments change what is injected', async () => {
    const config = ['--config', join(folder, '15-environments.yaml')]
    const telling = async (...env: string[]) =>
      (await meshwright(['inject', '-f', 'examples/shop', ...config, '--mesh', 'linkerd', '--always', ...env])).stderr
    expect(await telling('--env', 'development')).toContain('mesh.telemetry.samplingRate')
    expect(await telling()).not.toContain('mesh.telemetry.samplingRate')
  })
})
