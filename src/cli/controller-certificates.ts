import {Option, type Command} from 'commander'
import type {KubeApi} from '../kube/api.ts'
import {CertificateTally} from '../obs/certificate-tally.ts'
import type {Log} from '../obs/log.ts'
import {durationValue, hostValue} from './option-values.ts'

/** How the controller keeps the webhook's certificates; not at all where no registration is named. */
export interface CertificateOptions {
  readonly webhookConfiguration?: string
  readonly certificates: 'managed' | 'external'
  readonly webhookService: string
  readonly webhookHost: readonly string[]
  readonly webhookSecret: string
  readonly caSecret: string
  /** Milliseconds. */
  readonly bundleSettle: number
  /** Milliseconds. */
  readonly secretPropagation: number
}

export function withCertificates(command: Command): Command {
  const range = 'at most 1h'
  return command
    .option(
      '--webhook-configuration <name>',
      "keep the webhook's certificates, and caBundle of this MutatingWebhookConfiguration; without it none are kept",
    )
    .addOption(
      new Option(
        '--certificates <mode>',
        "managed: keep an authority and issue certificates; external: somebody else, such as cert-manager, fills the webhook's Secret, and only caBundle is kept",
      )
        .choices(['managed', 'external'])
        .default('managed'),
    )
    .option('--webhook-service <name>', 'the Service by which the webhook is called', 'meshwright-webhook')
    .addOption(
      new Option(
        '--webhook-host <host>',
        "a name or address by which the webhook is called, beside the Service's names (may be repeated)",
      )
        .argParser((value: string, before: readonly string[]) => [...before, hostValue(value)])
        .default([], 'none'),
    )
    .option('--webhook-secret <name>', 'the Secret that webhook replicas mount', 'meshwright-webhook-tls')
    .option('--ca-secret <name>', 'the Secret of the authority', 'meshwright-ca')
    .addOption(
      new Option('--bundle-settle <duration>', 'how long every API server may take to go by another caBundle')
        .argParser(durationValue(0, 3_600_000, range))
        .default(30_000, '30s'),
    )
    .addOption(
      new Option(
        '--secret-propagation <duration>',
        'how long a Secret may take to the files of a replica that cannot be asked',
      )
        .argParser(durationValue(0, 3_600_000, range))
        .default(600_000, '10m'),
    )
}

/** Certificates as a controller keeps them while it leads. */
export interface Certificates {
  readonly tally: CertificateTally
  readonly keep: (api: KubeApi, signal: AbortSignal) => Promise<void>
}

/** Undefined where none are to be kept. */
export function certificatesOf(
  options: CertificateOptions,
  {namespace, instance, log}: {readonly namespace: string; readonly instance: string; readonly log: Log},
): Certificates | undefined {
  const {webhookConfiguration: registration, webhookService: service, webhookHost} = options
  if (registration === undefined) return undefined
  const tally = new CertificateTally()
  return {
    tally,
    keep: async (api, signal) => {
      const {keepCertificates} = await import('../certs/keeper.ts')
      await keepCertificates(api, signal, {
        mode: options.certificates,
        namespace,
        authoritySecret: options.caSecret,
        webhookSecret: options.webhookSecret,
        service,
        registration,
        hosts: [...serviceHosts(service, namespace), ...webhookHost],
        margins: {settle: options.bundleSettle, propagation: options.secretPropagation},
        instance,
        log,
        tally,
      })
    },
  }
}

/** By the first of these the API server calls a Service. */
function serviceHosts(name: string, namespace: string): readonly string[] {
  const base = `${name}.${namespace}`
  return [`${base}.svc`, `${base}.svc.cluster.local`, base, name]
}
