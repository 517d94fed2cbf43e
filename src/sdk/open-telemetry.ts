import {createRequire} from 'node:module'
import type {OpenTelemetry} from './context.ts'

/** The application's `@opentelemetry/api`; undefined where it has none. */
export function installedOpenTelemetry(): OpenTelemetry | undefined {
  try {
    const found: unknown = createRequire(import.meta.url)('@opentelemetry/api')
    return isOpenTelemetry(found) ? found : undefined
  } catch {
    return undefined
  }
}

function isOpenTelemetry(value: unknown): value is OpenTelemetry {
  return typeof value === 'object' && value !== null && 'trace' in value && 'context' in value && 'propagation' in value
}
