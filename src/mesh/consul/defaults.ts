import type {Values} from '../values.ts'
import {consulK8s2_0_3} from './version.ts'

/**
 * The values of the Consul chart (consul-k8s 2.0.3) that reach a pod or the decision about it. Where the chart says null,
 * the key is absent here: to a template both are nothing.
 */
export const chartDefaults: Values = {
  global: {
    enabled: true,
    logLevel: 'info',
    logJSON: false,
    image: consulK8s2_0_3.images.consul,
    imageK8S: consulK8s2_0_3.images.controlPlane,
    imageConsulDataplane: consulK8s2_0_3.images.dataplane,
    tls: {enabled: false, caCert: {}},
    enableConsulNamespaces: false,
    adminPartitions: {enabled: false, name: 'default'},
    acls: {manageSystemACLs: false},
    metrics: {enabled: false},
    openshift: {enabled: false},
    dualStack: {enabled: false},
    peering: {enabled: false},
    secretsBackend: {vault: {enabled: false}},
  },
  externalServers: {
    enabled: false,
    hosts: [],
    httpsPort: 8501,
    grpcPort: 8502,
    useSystemRoots: false,
    skipServerWatch: false,
  },
  dns: {enabled: '-', enableRedirection: '-'},
  connectInject: {
    enabled: true,
    default: false,
    transparentProxy: {defaultEnabled: true, defaultOverwriteProbes: true},
    cni: {enabled: false},
    metrics: {
      defaultEnabled: '-',
      defaultEnableMerging: false,
      defaultMergedMetricsPort: 20100,
      defaultPrometheusScrapePort: 20200,
      defaultPrometheusScrapePath: '/metrics',
    },
    logLevel: '',
    namespaceSelector: `matchExpressions:
  - key: "kubernetes.io/metadata.name"
    operator: "NotIn"
    values: ["kube-system","local-path-storage","openebs","gmp-system","gke-managed-cim"]
  - key: "openshift.io/cluster-monitoring"
    operator: "DoesNotExist"
`,
    k8sAllowNamespaces: ['*'],
    k8sDenyNamespaces: [],
    consulNamespaces: {consulDestinationNamespace: 'default', mirroringK8S: true, mirroringK8SPrefix: ''},
    overrideAuthMethodName: '',
    sidecarProxy: {
      concurrency: 2,
      resources: {requests: {}, limits: {}},
      lifecycle: {
        defaultEnabled: true,
        defaultEnableShutdownDrainListeners: true,
        defaultShutdownGracePeriodSeconds: 30,
        defaultStartupGracePeriodSeconds: 0,
        defaultGracefulPort: 20600,
        defaultGracefulShutdownPath: '/graceful_shutdown',
        defaultGracefulStartupPath: '/graceful_startup',
      },
      defaultStartupFailureSeconds: 0,
      defaultLivenessFailureSeconds: 0,
    },
    dataplaneAsSidecarInitContainer: {
      defaultEnabled: false,
      initialProbeCheckDelaySeconds: 1,
      probeCheckPeriodSeconds: 1,
      probeCheckFailureThreshold: 10,
      probeCheckTimeoutSeconds: 5,
    },
    initContainer: {
      resources: {requests: {memory: '25Mi', cpu: '50m'}, limits: {memory: '150Mi'}},
    },
  },
}
