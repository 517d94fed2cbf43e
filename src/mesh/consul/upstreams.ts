import {flatText} from '../flat.ts'
import type {EnvVar} from '../pod.ts'
import type {Annotations} from './annotations.ts'
import {keyPrefix} from './keys.ts'
import type {PodPorts} from './ports.ts'

/** Of all containers together: every one gets them all, so a long list and a pod of many containers would multiply. */
const mostVariables = 20_000

/**
 * Environment variables with the address of each explicit upstream (`name:port`, commas, blanks or newlines between).
 * What is no upstream is passed over, as the injector does.
 */
export function upstreamEnv(
  annotations: Annotations,
  ports: PodPorts,
  loopback: string,
  containers: number,
): readonly EnvVar[] {
  const text = annotations.text('connect-service-upstreams')
  if (text === undefined) return []
  const env: EnvVar[] = []
  for (const item of text.split(/[, \n]+/)) {
    const [service = '', port] = item.split(':', 2)
    if (port === undefined) continue
    const {port: number} = ports.value(port.trim())
    if (number <= 0) continue
    const name = service.trim().replaceAll('-', '_').toUpperCase()
    env.push({name: flatText(name, '_CONNECT_SERVICE_HOST'), value: loopback})
    env.push({name: flatText(name, '_CONNECT_SERVICE_PORT'), value: String(number)})
    if (env.length > mostVariables) break
  }
  if (env.length * containers > mostVariables) {
    annotations.refuse(
      `annotation ${keyPrefix}connect-service-upstreams gives ${containers} containers more than ${mostVariables} ` +
        'environment variables together',
    )
    return []
  }
  return env
}
