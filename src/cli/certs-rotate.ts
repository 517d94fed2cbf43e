import {randomUUID} from 'node:crypto'
import {setTimeout as sleep} from 'node:timers/promises'
import {Command, Option} from 'commander'
import {readAuthoritySecret, requestIn, rotateAnnotation, secrets} from '../certs/secret.ts'
import {lookUp} from '../check/cluster-facts.ts'
import {installKinds} from '../install/kinds.ts'
import {names} from '../install/names.ts'
import type {KubeApi, ObjectName} from '../kube/api.ts'
import {KubeError} from '../kube/errors.ts'
import {connectTo, withCluster, type ClusterOptions} from './cluster-options.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {durationValue} from './option-values.ts'

interface RotateOptions extends ClusterOptions {
  readonly ca: boolean
  readonly namespace: string
  readonly webhookSecret: string
  readonly caSecret: string
  /** Milliseconds. */
  readonly wait?: number
}

/** `certs rotate`: asks the controller of a cluster for another certificate, or for another authority. */
export function rotateCommand(io: Io): Command {
  return withCluster(
    new Command('rotate').description(
      'Ask the controller for another certificate of the webhook, or with --ca for another authority, which is announced before it signs. No create is refused meanwhile.',
    ),
  )
    .option('--ca', 'another authority, and then another certificate', false)
    .option('-n, --namespace <name>', 'the namespace of the Secrets', 'meshwright-system')
    .option('--webhook-secret <name>', 'the Secret that webhook replicas mount', 'meshwright-webhook-tls')
    .option('--ca-secret <name>', 'the Secret of the authority', 'meshwright-ca')
    .addOption(
      new Option(
        '--wait <duration>',
        'wait until it is done, that long at most; exit code 1 where it is not',
      ).argParser(durationValue(1000, 3_600_000, 'from 1s to 1h')),
    )
    .action(async (options: RotateOptions) => {
      const {ca, namespace, webhookSecret, caSecret, wait} = options
      const api = await connectTo(options, io)
      const secret = {namespace, name: ca ? caSecret : webhookSecret}
      try {
        await refuseExternal(api, secret)
        const annotations = {[rotateAnnotation]: `${new Date().toISOString()} ${randomUUID()}`}
        await api.patch(secrets, secret, {metadata: {annotations}}, {fieldManager: 'meshwright-cli'})
        io.stderr.write(`asked for another ${ca ? 'authority' : 'certificate'} in Secret ${namespace}/${secret.name}\n`)
        if (wait !== undefined) {
          await waitUntilDone(api, secret, ca, wait)
          io.stderr.write('done\n')
        }
      } catch (error) {
        if (error instanceof KubeError) throw new Failure(error.message)
        throw error
      } finally {
        await api.close()
      }
    })
}

/** Where the controller is told that somebody else issues, nobody would heed the request. */
async function refuseExternal(api: KubeApi, secret: ObjectName): Promise<void> {
  const {namespace = '', name} = secret
  const controller = await lookUp(api, installKinds.deployment, {name: names.controller, namespace})
  if (!JSON.stringify(controller?.['spec'] ?? {}).includes('"--certificates=external"')) return
  const issuer = (await lookUp(api, secrets, secret))?.metadata?.annotations?.['cert-manager.io/certificate-name']
  const how =
    issuer === undefined
      ? 'put another certificate into it, and the webhook takes it'
      : `ask cert-manager for another of its Certificate, such as with cmctl renew -n ${namespace} ${issuer}`
  throw new Failure(
    `Secret ${namespace}/${name} is not the controller's, which runs with --certificates=external: ${how}`,
  )
}

async function waitUntilDone(api: KubeApi, secret: ObjectName, ca: boolean, wait: number): Promise<void> {
  const deadline = performance.now() + wait
  for (;;) {
    const object = await api.get(secrets, secret)
    const {next, bundle} = readAuthoritySecret(object)
    if (requestIn(object) === undefined && (!ca || (next === undefined && bundle.length === 1))) return
    if (performance.now() > deadline) {
      throw new Failure(`not done after ${wait / 1000} s; the controller's log says what it waits for`)
    }
    await sleep(500)
  }
}
