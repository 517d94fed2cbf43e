import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseAllDocuments} from 'yaml'
import {z} from 'zod'
import {root} from './command.ts'

const OBJECT = z.looseObject({kind: z.string(), metadata: z.looseObject({name: z.string()})})

export type Manifest = z.infer<typeof OBJECT>

const shop = join(root, 'examples/shop')

/** The shop's manifests with another namespace in the place of `shop`; without the Namespace itself. */
export function shopIn(namespace: string): readonly Manifest[] {
  const files = readdirSync(shop).filter((file) => file.endsWith('.yaml') && file !== 'mesh.yaml')
  return files
    .flatMap((file) => parseAllDocuments(readFileSync(join(shop, file), 'utf8')))
    .map((document) => OBJECT.parse(document.toJS()))
    .filter(({kind}) => kind !== 'Namespace')
    .map((object) => ({...object, metadata: {...object.metadata, namespace}}))
}

/** What the API server reads from `kubectl apply -f -`. */
export function list(items: readonly object[]): string {
  return JSON.stringify({apiVersion: 'v1', kind: 'List', items})
}

/** An application that keeps the restricted Pod Security standard by what its container says alone. */
export function application(name = 'app'): object {
  return {
    name,
    image: 'registry.example/app:1',
    ports: [{containerPort: 8080}],
    resources: {requests: {cpu: '50m', memory: '32Mi'}, limits: {cpu: '100m', memory: '64Mi'}},
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: {drop: ['ALL']},
      runAsNonRoot: true,
      runAsUser: 65534,
      seccompProfile: {type: 'RuntimeDefault'},
    },
  }
}

/** `metadata` with a name, or with `generateName`. */
export function pod(metadata: object, spec: object = {}): object {
  return {apiVersion: 'v1', kind: 'Pod', metadata, spec: {containers: [application()], ...spec}}
}

/** A workload whose pods carry the label `app: NAME`. */
export function workload(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string, replicas = 1): object {
  const labels = {app: name}
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: {name},
    spec: {
      ...(kind !== 'DaemonSet' && {replicas}),
      ...(kind === 'StatefulSet' && {serviceName: name}),
      selector: {matchLabels: labels},
      template: {metadata: {labels}, spec: {containers: [application()]}},
    },
  }
}
