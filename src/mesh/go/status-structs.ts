/**
 * What the kubelet reports of a pod: Go's structs of k8s.io/api/core/v1 0.35.2, in the notation of `struct-table.ts`.
 */
export const statusStructs = `
PodStatus: observedGeneration?:int phase? conditions?:[]PodCondition message? reason? nominatedNodeName? hostIP?
  hostIPs?:[]HostIP podIP? podIPs?:[]PodIP startTime?:*time initContainerStatuses?:[]ContainerStatus
  containerStatuses?:[]ContainerStatus qosClass? ephemeralContainerStatuses?:[]ContainerStatus resize?
  resourceClaimStatuses?:[]PodResourceClaimStatus extendedResourceClaimStatus?:*PodExtendedResourceClaimStatus
  allocatedResources?:{}quantity resources?:*ResourceRequirements
PodCondition: type observedGeneration?:int status lastProbeTime:time lastTransitionTime:time reason? message?
HostIP: ip
PodIP: ip
ContainerStatus: name state:ContainerState lastState:ContainerState ready:bool restartCount:int image imageID
  containerID? started?:*bool allocatedResources?:{}quantity resources?:*ResourceRequirements
  volumeMounts?:[]VolumeMountStatus user?:*ContainerUser allocatedResourcesStatus?:[]ResourceStatus
  stopSignal?:*string
ContainerState: waiting?:*ContainerStateWaiting running?:*ContainerStateRunning terminated?:*ContainerStateTerminated
ContainerStateWaiting: reason? message?
ContainerStateRunning: startedAt:time
ContainerStateTerminated: exitCode:int signal?:int reason? message? startedAt:time finishedAt:time containerID?
VolumeMountStatus: name mountPath readOnly?:bool recursiveReadOnly?:*string
ContainerUser: linux?:*LinuxContainerUser
LinuxContainerUser: uid:int gid:int supplementalGroups?:[]int
ResourceStatus: name resources?:[]ResourceHealth
ResourceHealth: resourceID health?
PodResourceClaimStatus: name resourceClaimName?:*string
PodExtendedResourceClaimStatus: requestMappings:[]ContainerExtendedResourceRequest resourceClaimName
ContainerExtendedResourceRequest: containerName resourceName requestName
`
