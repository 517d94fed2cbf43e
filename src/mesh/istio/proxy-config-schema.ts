import {
  double,
  duration,
  enumOf,
  flag,
  int32,
  listOf,
  mapOf,
  message,
  optionalFlag,
  optionalInt32,
  optionalInt64,
  text,
  uint32,
} from './proto.ts'

const disabled = message({disabled: optionalFlag})
const enabled = message({enabled: optionalFlag})
const addressOnly = message({address: text})
const pollDelay = message({pollDelay: duration, fallback: optionalFlag})
const named = message({name: text, defaultValue: text})
const forwardClientCertDetails = enumOf([
  'UNDEFINED',
  'SANITIZE',
  'FORWARD_ONLY',
  'APPEND_FORWARD',
  'SANITIZE_SET',
  'ALWAYS_FORWARD_ONLY',
])
const tlsSettings = message({
  mode: enumOf(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']),
  clientCertificate: text,
  privateKey: text,
  caCertificates: text,
  credentialName: text,
  subjectAltNames: listOf(text),
  sni: text,
  insecureSkipVerify: optionalFlag,
  caCrl: text,
})
const remoteService = message({
  address: text,
  tlsSettings,
  tcpKeepalive: message({probes: uint32, time: duration, interval: duration}),
})

const tracing = message(
  {
    zipkin: addressOnly,
    lightstep: message({address: text, accessToken: text}),
    datadog: addressOnly,
    stackdriver: message({
      debug: flag,
      maxNumberOfAttributes: optionalInt64,
      maxNumberOfAnnotations: optionalInt64,
      maxNumberOfMessageEvents: optionalInt64,
    }),
    openCensusAgent: message({
      address: text,
      context: listOf(enumOf(['UNSPECIFIED', 'W3C_TRACE_CONTEXT', 'GRPC_BIN', 'CLOUD_TRACE_CONTEXT', 'B3'])),
    }),
    customTags: mapOf(
      message({literal: message({value: text}), environment: named, header: named}, [
        ['literal', 'environment', 'header'],
      ]),
    ),
    maxPathTagLength: uint32,
    sampling: double,
    tlsSettings,
    enableIstioTags: optionalFlag,
  },
  [['zipkin', 'lightstep', 'datadog', 'stackdriver', 'openCensusAgent']],
)

const readinessProbe = message(
  {
    initialDelaySeconds: int32,
    timeoutSeconds: int32,
    periodSeconds: int32,
    successThreshold: int32,
    failureThreshold: int32,
    httpGet: message({
      path: text,
      port: uint32,
      host: text,
      scheme: text,
      httpHeaders: listOf(message({name: text, value: text})),
    }),
    tcpSocket: message({host: text, port: uint32}),
    exec: message({command: listOf(text)}),
    grpc: message({port: uint32, service: text}),
  },
  [['httpGet', 'tcpSocket', 'exec', 'grpc']],
)

const proxyHeaders = message({
  forwardedClientCert: forwardClientCertDetails,
  setCurrentClientCertDetails: message({
    subject: optionalFlag,
    cert: optionalFlag,
    chain: optionalFlag,
    dns: optionalFlag,
    uri: optionalFlag,
  }),
  requestId: disabled,
  server: message({disabled: optionalFlag, value: text}),
  attemptCount: disabled,
  envoyDebugHeaders: disabled,
  metadataExchangeHeaders: message({mode: enumOf(['UNDEFINED', 'IN_MESH'])}),
  preserveHttp1HeaderCase: optionalFlag,
  xForwardedHost: enabled,
  xForwardedPort: enabled,
})

const connectionSettings = message({
  profile: enumOf(['SIDECAR', 'EDGE']),
  listenerPerConnectionBufferLimitBytes: optionalInt32,
  clusterPerConnectionBufferLimitBytes: optionalInt32,
  httpIdleTimeout: duration,
  httpMaxConnectionDuration: duration,
  httpDrainTimeout: duration,
  httpRequestTimeout: duration,
  httpRequestHeadersTimeout: duration,
  httpStreamIdleTimeout: duration,
  httpMaxStreamDuration: duration,
  httpMaxConcurrentStreams: optionalInt32,
  http2InitialStreamWindowSize: optionalInt32,
  http2InitialConnectionWindowSize: optionalInt32,
  httpHeadersWithUnderscoresAction: enumOf([
    'HEADERS_WITH_UNDERSCORES_UNSPECIFIED',
    'HEADERS_WITH_UNDERSCORES_ALLOW',
    'HEADERS_WITH_UNDERSCORES_REJECT_REQUEST',
    'HEADERS_WITH_UNDERSCORES_DROP_HEADER',
  ]),
  httpMergeSlashes: optionalFlag,
  httpPathWithEscapedSlashesAction: enumOf([
    'PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED',
    'KEEP_UNCHANGED',
    'REJECT_REQUEST',
    'UNESCAPE_AND_REDIRECT',
    'UNESCAPE_AND_FORWARD',
  ]),
  listenerConnectionLimit: optionalInt32,
  globalDownstreamConnectionLimit: optionalInt32,
})

/** istio.mesh.v1alpha1.ProxyConfig (istio.io/api 1.31, mesh/v1alpha1/proxy.proto), fields in the order of that file. */
export const proxyConfigMessage = message(
  {
    configPath: text,
    binaryPath: text,
    serviceCluster: text,
    tracingServiceName: enumOf(['APP_LABEL_AND_NAMESPACE', 'CANONICAL_NAME_ONLY', 'CANONICAL_NAME_AND_NAMESPACE']),
    drainDuration: duration,
    discoveryAddress: text,
    discoveryRefreshDelay: duration,
    zipkinAddress: text,
    statsdUdpAddress: text,
    envoyMetricsServiceAddress: text,
    proxyAdminPort: int32,
    availabilityZone: text,
    controlPlaneAuthPolicy: enumOf({NONE: 0, MUTUAL_TLS: 1, INHERIT: 1000}),
    customConfigFile: text,
    statNameLength: int32,
    concurrency: optionalInt32,
    proxyBootstrapTemplatePath: text,
    interceptionMode: enumOf(['REDIRECT', 'TPROXY', 'NONE']),
    tracing,
    sds: message({enabled: flag, k8sSaJwtPath: text}),
    envoyAccessLogService: remoteService,
    envoyMetricsService: remoteService,
    proxyMetadata: mapOf(text),
    runtimeValues: mapOf(text),
    statusPort: int32,
    extraStatTags: listOf(text),
    gatewayTopology: message({
      numTrustedProxies: uint32,
      forwardClientCertDetails,
      proxyProtocol: message({}),
    }),
    terminationDrainDuration: duration,
    meshId: text,
    readinessProbe,
    proxyStatsMatcher: message({
      inclusionPrefixes: listOf(text),
      inclusionSuffixes: listOf(text),
      inclusionRegexps: listOf(text),
    }),
    holdApplicationUntilProxyStarts: optionalFlag,
    caCertificatesPem: listOf(text),
    image: message({imageType: text}),
    privateKeyProvider: message({cryptomb: pollDelay, qat: pollDelay}, [['cryptomb', 'qat']]),
    proxyHeaders,
    fileFlushInterval: duration,
    fileFlushMinSizeKb: uint32,
    statsCompression: optionalFlag,
    connectionSettings,
  },
  [['serviceCluster', 'tracingServiceName']],
)

/** What injection reads of istio.mesh.v1alpha1.MeshConfig (mesh/v1alpha1/config.proto). */
export const meshConfigMessage = message({
  proxyListenPort: int32,
  proxyInboundListenPort: int32,
  connectTimeout: duration,
  defaultConfig: proxyConfigMessage,
  trustDomain: text,
  trustDomainAliases: listOf(text),
  rootNamespace: text,
  enablePrometheusMerge: optionalFlag,
  enableAutoMtls: optionalFlag,
  inboundTrafficPolicy: message({mode: enumOf(['PASSTHROUGH', 'LOCALHOST'])}),
  extensionProviders: listOf(
    message({
      name: text,
      opentelemetry: message({
        serviceAttributeEnrichment: enumOf(['ISTIO_CANONICAL', 'OTEL_SEMANTIC_CONVENTIONS']),
      }),
    }),
  ),
})
