import type {z} from 'zod'
import type {templateSchema} from './schema.ts'
import {planted, type Tree} from './tree.ts'

type Template = z.input<typeof templateSchema>

/** A small sidecar that tells little: for development and for nodes with no room. */
const minimal: Template = {
  mesh: {
    telemetry: {samplingRate: 0, metrics: ['request_count']},
    tracing: {enabled: false},
    sidecar: {
      resources: {requests: {cpu: '10m', memory: '40Mi'}, limits: {cpu: '200m', memory: '128Mi'}},
      proxy: {config: {enableProfiling: false}},
    },
  },
}

/** Mutual TLS everywhere, and no profiling endpoint in the proxy. */
const secure: Template = {
  mesh: {
    security: {mutualTLS: true},
    sidecar: {proxy: {config: {enableProfiling: false}}},
  },
}

/** Every metric, every trace, every access: for finding a fault, at its price. */
const observable: Template = {
  mesh: {
    telemetry: {
      enabled: true,
      samplingRate: 1,
      metrics: ['request_count', 'request_duration', 'request_size', 'response_size'],
    },
    tracing: {enabled: true},
    sidecar: {proxy: {config: {accessLogFile: '/dev/stdout'}}},
  },
}

/** Small sites behind a thin line: modest resources, few traces, unhurried health checks. */
const edge: Template = {
  mesh: {
    telemetry: {samplingRate: 0.01, metrics: ['request_count', 'request_duration']},
    serviceDiscovery: {healthCheckInterval: '30s'},
    sidecar: {resources: {requests: {cpu: '20m', memory: '48Mi'}, limits: {cpu: '250m', memory: '160Mi'}}},
  },
}

/** The templates that are there without being declared; a user's own of the same name stands in for one of these. */
export const builtInTemplates: ReadonlyMap<string, Tree> = new Map(
  Object.entries({minimal, secure, observable, edge}).map(([name, template]) => [
    name,
    planted(template, `template ${name}`),
  ]),
)
