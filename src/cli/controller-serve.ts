import {randomUUID} from 'node:crypto'
import {hostname} from 'node:os'
import {setFlagsFromString} from 'node:v8'
import {chosenEnvironment} from '../config/choose.ts'
import {formatProblem, formatProblems} from '../config/problem.ts'
import {loadFiles, watchConfiguration} from '../config/watch.ts'
import {createHealthServer} from '../controller/health.ts'
import {Controller} from '../controller/run.ts'
import {Tally} from '../controller/tally.ts'
import {World} from '../intent/world.ts'
import type {Verb} from '../kube/errors.ts'
import type {MeshName} from '../mesh/mesh.ts'
import {ruleMeshes} from '../mesh/translators.ts'
import {createLog, type Log, type LogLevel} from '../obs/log.ts'
import {connectTo, type ClusterOptions} from './cluster-options.ts'
import {certificatesOf, type CertificateOptions, type Certificates} from './controller-certificates.ts'
import {Failure} from './failure.ts'
import type {Io} from './io.ts'
import {Opened} from './opened.ts'
import {hangUp, listen, ownNamespace, sinkOf, untilStopped} from './serving.ts'

export interface ControllerOptions extends ClusterOptions, CertificateOptions {
  readonly config: readonly string[]
  readonly env?: string
  readonly mesh?: MeshName
  readonly namespace?: string
  readonly namespaceForLease?: string
  /** Milliseconds. */
  readonly leaseDuration: number
  /** Milliseconds. */
  readonly resync: number
  readonly host: string
  readonly metricsPort?: number
  readonly healthPort?: number
  readonly logLevel: LogLevel
}

const reads: ReadonlySet<Verb> = new Set(['get', 'list', 'watch'])

/** Runs the controller until `io.lifetime` says stop, and then until the lease is given back. */
export async function control(options: ControllerOptions, io: Io): Promise<void> {
  // It keeps much and makes little: where the heap may grow by a fifth before it is looked through, and not to several times of
  // what is in it, 10,000 rules take 130 MiB less at their peak, for a few per cent of the processor time.
  setFlagsFromString('--heap-growing-percent=20')
  const sink = sinkOf(io)
  const opened = new Opened()
  try {
    await controlWith(opened, options, io, createLog(options.logLevel, sink))
  } finally {
    await opened.close()
    sink.flushSync?.()
  }
}

async function controlWith(opened: Opened, options: ControllerOptions, io: Io, log: Log): Promise<void> {
  const tally = new Tally()
  // The watch begins before anything is read, so that no change is lost, and is heard once there is something to change.
  const started = Promise.withResolvers<Controller>()
  const files = watchConfiguration(options.config, io, async (result) => {
    const controller = await started.promise
    if (result.ok) controller.configure(result.loaded)
    else for (const problem of result.problems) log.error({problem: formatProblem(problem)}, 'configuration not taken')
  })
  opened.add(() => files.close())
  const loading = await loadFiles(options.config, io)
  if (!loading.ok) throw new Failure(`the configuration cannot be used\n${formatProblems(loading.problems)}`)
  const environment = chosenEnvironment(options.env, io.env)
  const world = new World({
    cluster: true,
    configuration: loading.loaded,
    ...(options.config.length === 0 ? {} : {configurationName: options.config.join(', ')}),
    ...(environment === undefined ? {} : {environment}),
    ...(options.mesh === undefined ? {} : {mesh: options.mesh}),
  })
  const api = await connectTo(options, io, ({verb, kind, subresource}) => {
    if (!reads.has(verb)) tally.wrote(verb, subresource === undefined ? kind.kind : `${kind.kind}/${subresource}`)
  })
  opened.add(() => api.close())
  const identity = `${hostname()}_${randomUUID()}`
  const namespace = options.namespace ?? (await ownNamespace())
  const certificates = certificatesOf(options, {namespace, instance: identity, log})
  const controller = new Controller({
    api,
    world,
    meshes: ruleMeshes,
    lease: {
      namespace: options.namespaceForLease ?? namespace,
      name: 'meshwright-controller',
      identity,
      duration: Math.ceil(options.leaseDuration / 1000) * 1000,
    },
    log,
    tally,
    resync: options.resync,
    ...(certificates !== undefined && {alongside: certificates.keep}),
  })
  opened.add(() => controller.stop())
  started.resolve(controller)
  const ports = await openPorts(opened, options, controller, tally, certificates)
  log.info({identity, ...ports}, 'started')
  const running = controller.run()
  // Whatever ends it by itself is a fault, and is told by the command.
  await Promise.race([untilStopped(io), running])
  log.info('told to stop')
  await controller.stop()
  await running
  await opened.close()
  log.info('stopped')
}

async function openPorts(
  opened: Opened,
  {host, metricsPort, healthPort}: ControllerOptions,
  controller: Controller,
  tally: Tally,
  certificates: Certificates | undefined,
): Promise<{metricsPort?: number; healthPort?: number}> {
  const ports: {metricsPort?: number; healthPort?: number} = {}
  if (healthPort !== undefined) {
    const server = createHealthServer(controller.health)
    ports.healthPort = await listen(server, host, healthPort)
    opened.add(() => hangUp(server))
  }
  if (metricsPort !== undefined) {
    const [{createControllerMetrics}, {createExporter}] = await Promise.all([
      import('../controller/metrics.ts'),
      import('../obs/exporter.ts'),
    ])
    const server = createExporter(createControllerMetrics(tally, controller.readings, certificates?.tally))
    ports.metricsPort = await listen(server, host, metricsPort)
    opened.add(() => hangUp(server))
  }
  return ports
}
