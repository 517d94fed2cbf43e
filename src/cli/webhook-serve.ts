import {resolve} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {setFlagsFromString} from 'node:v8'
import {AdmissionServer} from '../admission/server.ts'
import {folderSource, ownSource, type Certification} from '../certs/source.ts'
import {findingCodes} from '../codes/findings.ts'
import {createLog, type Log} from '../obs/log.ts'
import {Tally} from '../obs/tally.ts'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'
import {Opened} from './opened.ts'
import {hangUp, listen, sinkOf, untilStopped} from './serving.ts'
import type {InForce, Loaded} from './webhook-admission.ts'
import type {WebhookOptions} from './webhook-options.ts'
import {clusterSource, fileSource, inCluster} from './webhook-source.ts'

/** Milliseconds that answers under way get once no connections are taken any more: as long as a request may take. */
const grace = 10_000
/** Milliseconds after the drain for connections that nobody used meanwhile. */
const unused = 3000

/** Runs the webhook until `io.lifetime` says stop, and then until the last answer is delivered. */
export async function serve(options: WebhookOptions, io: Io): Promise<void> {
  // Under overload the requests that wait outlive the young generation. The heap may double before it is looked through, and not
  // grow to several times of what is in it; looked through more often, whoever is turned away meanwhile waits longer. What a review
  // costs otherwise stays as it was.
  setFlagsFromString('--heap-growing-percent=100')
  const sink = sinkOf(io)
  const opened = new Opened()
  try {
    await serveWith(opened, options, io, createLog(options.logLevel, sink))
  } finally {
    await opened.close()
    sink.flushSync?.()
  }
}

async function serveWith(opened: Opened, options: WebhookOptions, io: Io, log: Log): Promise<void> {
  const tally = new Tally()
  const certificates =
    options.certDir === undefined ? ownSource(ownHosts(options.host)) : folderSource(resolve(io.cwd, options.certDir))

  let inForce: InForce | undefined
  const putInForce = (loaded: Loaded) => {
    if (loaded.ok) inForce = loaded.inForce
    reportAdmission(loaded, tally, log)
  }
  // The watch begins before anything is read, so that no change is lost, and is heard once there is something to change.
  const started = Promise.withResolvers<AdmissionServer>()
  const certificateWatch = certificates.watch(async (certification) => {
    const server = await started.promise
    if (certification.ok) server.useKeyPair(certification.certified.keyPair)
    reportCertificate(certification, tally, log)
  })
  opened.add(() => certificateWatch.close())
  const [source, certification] = await Promise.all([
    inCluster(options, io) ? clusterSource(options, io, {log, tally}, putInForce) : fileSource(options, io, putInForce),
    certificates.load(),
  ])
  opened.add(() => source.close())
  if (!certification.ok) {
    throw new Failure(`MW5101 the certificate cannot be used: ${certification.problems.join('; ')}`)
  }
  const server = new AdmissionServer({
    keyPair: certification.certified.keyPair,
    admission: () => inForce?.admission,
    log,
    tally,
    maxInFlight: options.maxInFlight,
  })
  reportCertificate(certification, tally, log)
  started.resolve(server)

  await exportTo(opened, options, server, tally)
  const {address, port} = await server.listen(options.host, options.port).catch((error: unknown) => {
    throw new Failure(`cannot listen on ${options.host}:${options.port}: ${reasonOf(error)}`)
  })
  log.info({address, port}, inForce === undefined ? 'listening, not ready yet' : 'ready')
  await untilStopped(io)

  server.drain()
  log.info({milliseconds: options.drain}, 'told to stop: not ready any more, still serving')
  await sleep(options.drain)
  await server.stop(grace, unused)
  await opened.close()
  log.info('stopped')
}

async function exportTo(opened: Opened, options: WebhookOptions, server: AdmissionServer, tally: Tally): Promise<void> {
  const {metricsPort, host} = options
  if (metricsPort === undefined) return
  const [{createMetrics}, {createExporter}] = await Promise.all([
    import('../obs/metrics.ts'),
    import('../obs/exporter.ts'),
  ])
  const exporter = createExporter(createMetrics(tally, () => server.inFlight))
  await listen(exporter, host, metricsPort)
  opened.add(() => hangUp(exporter))
}

function reportAdmission(loaded: Loaded, tally: Tally, log: Log): void {
  tally.lastReloadSuccessful = loaded.ok
  if (!loaded.ok) {
    tally.configurationErrors++
    for (const problem of loaded.problems) log.error({problem}, 'not taken; the last good state stays in force')
    return
  }
  tally.generation++
  const {admission, environments, findings} = loaded.inForce
  log.info({generation: tally.generation, mesh: admission.mesh, environments}, 'configuration in force')
  for (const [environment, found] of findings) {
    for (const {kind, key, message} of found) log.warn({code: findingCodes[kind], environment, key, message}, 'finding')
  }
}

function reportCertificate(certification: Certification, tally: Tally, log: Log): void {
  if (!certification.ok) {
    tally.certificateErrors++
    for (const problem of certification.problems) {
      log.error({code: 'MW5101', problem}, 'certificate not taken; the last good one stays in force')
    }
    return
  }
  const {serial, names, notAfter} = certification.certified.leaf
  tally.certificateExpiry = notAfter.getTime() / 1000
  log.info({serial, names, notAfter: notAfter.toISOString()}, 'certificate in force')
}

function ownHosts(host: string): readonly string[] {
  const wildcard = host === '0.0.0.0' || host === '::'
  return [...new Set(['localhost', '127.0.0.1', '::1', ...(wildcard ? [] : [host])])]
}
