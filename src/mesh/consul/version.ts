/**
 * What depends on the version of consul-k8s, in one place. Other versions differ in the chart's images, in the words of
 * some refusals, in dual stack (absent before 1.9) and in how many ports `connect-service-port` names by default.
 */
export const consulK8s2_0_3 = {
  /** What the injector writes into its two version annotations. */
  version: 'v2.0.3',
  images: {
    consul: 'hashicorp/consul:2.0.3',
    controlPlane: 'hashicorp/consul-k8s-control-plane:2.0.3',
    dataplane: 'hashicorp/consul-dataplane:2.0.3',
  },
  /**
   * CONSUL_API_TIMEOUT of the init container. `global.consulAPITimeout` never reaches a pod: the API gateway's cache
   * overwrites it in the configuration that it shares with the webhook.
   */
  apiTimeout: '5m0s',
} as const
