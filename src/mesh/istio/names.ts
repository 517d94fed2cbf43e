/** Containers that Istio's templates put into a pod. */
export const proxyName = 'istio-proxy'
export const initName = 'istio-init'
export const validationName = 'istio-validation'
