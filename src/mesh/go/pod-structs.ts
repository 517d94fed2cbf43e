/**
 * A pod and its containers, without its volumes and its status: Go's structs of k8s.io/api/core/v1 0.35.2, in the
 * notation of `struct-table.ts`.
 */
export const podStructs = `
Pod: kind? apiVersion? metadata:ObjectMeta spec:PodSpec status:PodStatus
ObjectMeta: name? generateName? namespace? selfLink? uid? resourceVersion? generation?:int creationTimestamp?:time
  deletionTimestamp?:*time deletionGracePeriodSeconds?:*int labels?:{}string annotations?:{}string
  ownerReferences?:[]OwnerReference finalizers?:[]string managedFields?:[]ManagedFieldsEntry
OwnerReference: apiVersion kind name uid controller?:*bool blockOwnerDeletion?:*bool
ManagedFieldsEntry: manager? operation? apiVersion? time?:*time fieldsType? fieldsV1?:*raw subresource?
PodSpec: volumes?:[]Volume initContainers?:[]Container containers:[]Container
  ephemeralContainers?:[]EphemeralContainer restartPolicy? terminationGracePeriodSeconds?:*int
  activeDeadlineSeconds?:*int dnsPolicy? nodeSelector?:{}string serviceAccountName? serviceAccount?
  automountServiceAccountToken?:*bool nodeName? hostNetwork?:bool hostPID?:bool hostIPC?:bool
  shareProcessNamespace?:*bool securityContext?:*PodSecurityContext imagePullSecrets?:[]LocalObjectReference hostname?
  subdomain? affinity?:*Affinity schedulerName? tolerations?:[]Toleration hostAliases?:[]HostAlias priorityClassName?
  priority?:*int dnsConfig?:*PodDNSConfig readinessGates?:[]PodReadinessGate runtimeClassName?:*string
  enableServiceLinks?:*bool preemptionPolicy?:*string overhead?:{}quantity
  topologySpreadConstraints?:[]TopologySpreadConstraint setHostnameAsFQDN?:*bool os?:*PodOS hostUsers?:*bool
  schedulingGates?:[]PodSchedulingGate resourceClaims?:[]PodResourceClaim resources?:*ResourceRequirements
  hostnameOverride?:*string workloadRef?:*WorkloadReference
LocalObjectReference: name?
ObjectFieldSelector: apiVersion? fieldPath
ResourceFieldSelector: containerName? resource divisor:quantity
LabelSelector: matchLabels?:{}string matchExpressions?:[]LabelSelectorRequirement
LabelSelectorRequirement: key operator values?:[]string
Container: name image? command?:[]string args?:[]string workingDir? ports?:[]ContainerPort envFrom?:[]EnvFromSource
  env?:[]EnvVar resources:ResourceRequirements resizePolicy?:[]ContainerResizePolicy restartPolicy?:*string
  restartPolicyRules?:[]ContainerRestartRule volumeMounts?:[]VolumeMount volumeDevices?:[]VolumeDevice
  livenessProbe?:*Probe readinessProbe?:*Probe startupProbe?:*Probe lifecycle?:*Lifecycle terminationMessagePath?
  terminationMessagePolicy? imagePullPolicy? securityContext?:*SecurityContext stdin?:bool stdinOnce?:bool tty?:bool
ContainerPort: name? hostPort?:int containerPort:int protocol? hostIP?
EnvFromSource: prefix? configMapRef?:*ConfigMapEnvSource secretRef?:*SecretEnvSource
ConfigMapEnvSource: name? optional?:*bool
SecretEnvSource: name? optional?:*bool
EnvVar: name value? valueFrom?:*EnvVarSource
EnvVarSource: fieldRef?:*ObjectFieldSelector resourceFieldRef?:*ResourceFieldSelector
  configMapKeyRef?:*ConfigMapKeySelector secretKeyRef?:*SecretKeySelector fileKeyRef?:*FileKeySelector
ConfigMapKeySelector: name? key optional?:*bool
SecretKeySelector: name? key optional?:*bool
FileKeySelector: volumeName path key optional?:*bool
ResourceRequirements: limits?:{}quantity requests?:{}quantity claims?:[]ResourceClaim
ResourceClaim: name request?
ContainerResizePolicy: resourceName restartPolicy
ContainerRestartRule: action? exitCodes?:*ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: operator? values?:[]int
VolumeMount: name readOnly?:bool recursiveReadOnly?:*string mountPath subPath? mountPropagation?:*string subPathExpr?
VolumeDevice: name devicePath
Probe: exec?:*ExecAction httpGet?:*HTTPGetAction tcpSocket?:*TCPSocketAction grpc?:*GRPCAction
  initialDelaySeconds?:int timeoutSeconds?:int periodSeconds?:int successThreshold?:int failureThreshold?:int
  terminationGracePeriodSeconds?:*int
ExecAction: command?:[]string
HTTPGetAction: path? port:intOrString host? scheme? httpHeaders?:[]HTTPHeader
HTTPHeader: name value
TCPSocketAction: port:intOrString host?
GRPCAction: port:int service:*string
Lifecycle: postStart?:*LifecycleHandler preStop?:*LifecycleHandler stopSignal?:*string
LifecycleHandler: exec?:*ExecAction httpGet?:*HTTPGetAction tcpSocket?:*TCPSocketAction sleep?:*SleepAction
SleepAction: seconds:int
SecurityContext: capabilities?:*Capabilities privileged?:*bool seLinuxOptions?:*SELinuxOptions
  windowsOptions?:*WindowsSecurityContextOptions runAsUser?:*int runAsGroup?:*int runAsNonRoot?:*bool
  readOnlyRootFilesystem?:*bool allowPrivilegeEscalation?:*bool procMount?:*string seccompProfile?:*SeccompProfile
  appArmorProfile?:*AppArmorProfile
Capabilities: add?:[]string drop?:[]string
SELinuxOptions: user? role? type? level?
WindowsSecurityContextOptions: gmsaCredentialSpecName?:*string gmsaCredentialSpec?:*string runAsUserName?:*string
  hostProcess?:*bool
SeccompProfile: type localhostProfile?:*string
AppArmorProfile: type localhostProfile?:*string
EphemeralContainer: name image? command?:[]string args?:[]string workingDir? ports?:[]ContainerPort
  envFrom?:[]EnvFromSource env?:[]EnvVar resources:ResourceRequirements resizePolicy?:[]ContainerResizePolicy
  restartPolicy?:*string restartPolicyRules?:[]ContainerRestartRule volumeMounts?:[]VolumeMount
  volumeDevices?:[]VolumeDevice livenessProbe?:*Probe readinessProbe?:*Probe startupProbe?:*Probe
  lifecycle?:*Lifecycle terminationMessagePath? terminationMessagePolicy? imagePullPolicy?
  securityContext?:*SecurityContext stdin?:bool stdinOnce?:bool tty?:bool targetContainerName?
PodSecurityContext: seLinuxOptions?:*SELinuxOptions windowsOptions?:*WindowsSecurityContextOptions runAsUser?:*int
  runAsGroup?:*int runAsNonRoot?:*bool supplementalGroups?:[]int supplementalGroupsPolicy?:*string fsGroup?:*int
  sysctls?:[]Sysctl fsGroupChangePolicy?:*string seccompProfile?:*SeccompProfile appArmorProfile?:*AppArmorProfile
  seLinuxChangePolicy?:*string
Sysctl: name value
Affinity: nodeAffinity?:*NodeAffinity podAffinity?:*PodAffinity podAntiAffinity?:*PodAntiAffinity
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution?:*NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution?:[]PreferredSchedulingTerm
NodeSelector: nodeSelectorTerms:[]NodeSelectorTerm
NodeSelectorTerm: matchExpressions?:[]NodeSelectorRequirement matchFields?:[]NodeSelectorRequirement
NodeSelectorRequirement: key operator values?:[]string
PreferredSchedulingTerm: weight:int preference:NodeSelectorTerm
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution?:[]PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution?:[]WeightedPodAffinityTerm
PodAffinityTerm: labelSelector?:*LabelSelector namespaces?:[]string topologyKey namespaceSelector?:*LabelSelector
  matchLabelKeys?:[]string mismatchLabelKeys?:[]string
WeightedPodAffinityTerm: weight:int podAffinityTerm:PodAffinityTerm
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution?:[]PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution?:[]WeightedPodAffinityTerm
Toleration: key? operator? value? effect? tolerationSeconds?:*int
HostAlias: ip hostnames?:[]string
PodDNSConfig: nameservers?:[]string searches?:[]string options?:[]PodDNSConfigOption
PodDNSConfigOption: name? value?:*string
PodReadinessGate: conditionType
TopologySpreadConstraint: maxSkew:int topologyKey whenUnsatisfiable labelSelector?:*LabelSelector minDomains?:*int
  nodeAffinityPolicy?:*string nodeTaintsPolicy?:*string matchLabelKeys?:[]string
PodOS: name
PodSchedulingGate: name
PodResourceClaim: name resourceClaimName?:*string resourceClaimTemplateName?:*string
WorkloadReference: name podGroup podGroupReplicaKey?
`
