import type {Values} from '../values.ts'
import {defaultHub, defaultTag} from './version.ts'

/** The istiod chart's defaults (values.yaml), as far as they reach a pod or the decision about one. */
export const chartDefaults: Values = {
  revision: '',
  revisionTags: [],
  configMap: true,
  cni: {enabled: false, provider: 'default'},
  env: {},
  gateways: {securityContext: {}, seccompProfile: {}},
  istiodRemote: {enabled: false, enabledLocalInjectorIstiod: false, injectionPath: '/inject'},
  meshConfig: {enablePrometheusMerge: true},
  sidecarInjectorWebhook: {
    neverInjectSelector: [],
    alwaysInjectSelector: [],
    injectedAnnotations: {},
    enableNamespacesByDefault: false,
    rewriteAppHTTPProbe: true,
    templates: {},
    defaultTemplates: [],
  },
  global: {
    hub: defaultHub,
    tag: defaultTag,
    variant: '',
    istioNamespace: 'istio-system',
    imagePullPolicy: '',
    imagePullSecrets: [],
    logAsJson: false,
    nativeNftables: false,
    logging: {level: 'default:info'},
    omitSidecarInjectorConfigMap: false,
    operatorManageWebhooks: false,
    resourceScope: 'all',
    proxy: {
      image: 'proxyv2',
      autoInject: 'enabled',
      clusterDomain: 'cluster.local',
      componentLogLevel: 'misc:error',
      excludeInboundPorts: '',
      includeInboundPorts: '*',
      includeIPRanges: '*',
      excludeIPRanges: '',
      includeOutboundPorts: '',
      excludeOutboundPorts: '',
      logLevel: 'warning',
      outlierLogPath: '',
      privileged: false,
      seccompProfile: {},
      readinessFailureThreshold: 4,
      readinessInitialDelaySeconds: 0,
      readinessPeriodSeconds: 15,
      startupProbe: {enabled: true, failureThreshold: 600},
      resources: {requests: {cpu: '100m', memory: '128Mi'}, limits: {cpu: '2000m', memory: '1024Mi'}},
      statusPort: 15020,
      tracer: 'none',
    },
    proxy_init: {image: 'proxyv2', forceApplyIptables: false},
    remotePilotAddress: '',
    caAddress: '',
    caName: '',
    meshID: '',
    mountMtlsCerts: false,
    multiCluster: {clusterName: ''},
    network: '',
    pilotCertProvider: 'istiod',
    sds: {token: {aud: 'istio-ca'}},
    sts: {servicePort: 0},
  },
}

/** Every `compatibilityVersion` up to this one turns native sidecars off. */
const withoutNativeSidecars: Values = {pilot: {env: {ENABLE_NATIVE_SIDECARS: 'false'}}}

/** What the chart's files/profile-*.yaml add, by the value that chooses them; `{}` where nothing reaches a pod. */
export const profiles: ReadonlyMap<string, Values> = new Map<string, Values>([
  [
    'ambient',
    {
      meshConfig: {defaultConfig: {proxyMetadata: {ISTIO_META_ENABLE_HBONE: 'true'}}},
      global: {variant: 'distroless'},
    },
  ],
  ['demo', {global: {proxy: {resources: {requests: {cpu: '10m', memory: '40Mi'}}}}}],
  ['preview', {meshConfig: {defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: 'true'}}}}],
  ['remote', {istiodRemote: {enabled: true}, configMap: false, global: {omitSidecarInjectorConfigMap: true}}],
  ['stable', {}],
])

export const compatibilityProfiles: ReadonlyMap<string, Values> = new Map<string, Values>([
  ['1.25', withoutNativeSidecars],
  ['1.26', withoutNativeSidecars],
  ['1.27', {}],
  ['1.28', {}],
  ['1.29', {}],
  ['1.30', {}],
])

export const platformProfiles: ReadonlyMap<string, Values> = new Map<string, Values>([
  ['gke', {}],
  ['k3d', {}],
  ['k3s', {}],
  ['microk8s', {}],
  ['minikube', {}],
  // The file also sets a top-level cni.provider, which the one under pilot replaces.
  ['openshift', {pilot: {cni: {enabled: true, provider: 'multus'}}}],
])
