import {spawn} from 'node:child_process'
import {once} from 'node:events'
import type {Server} from 'node:http'
import {constants} from 'node:os'
import {readFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import {Command, InvalidArgumentError, Option} from 'commander'
import {parse} from 'yaml'
import {formatProblems} from '../config/problem.ts'
import {loadConfiguration} from '../config/load.ts'
import {readSources} from '../config/source.ts'
import type {ServiceName} from '../intent/intent.ts'
import {MeshRuleError} from '../sdk/errors.ts'
import {Endpoints, readEndpoints, readInline} from '../sdk/local/endpoints.ts'
import {objectsOf} from '../sdk/local/processes.ts'
import {inboundProxy, outboundProxy} from '../sdk/local/proxy.ts'
import {randomFrom} from '../sdk/local/random.ts'
import {LocalStore} from '../sdk/local/store.ts'
import {LocalTransport} from '../sdk/local/transport.ts'
import {serviceNamed} from '../sdk/names.ts'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'
import {readManifests} from './manifest-source.ts'
import {repeated} from './manifest-options.ts'
import {portValue} from './option-values.ts'
import {Report} from './report.ts'
import {environmentFor, ruleInput} from './rule-input.ts'

interface DevOptions {
  readonly filename?: readonly string[]
  readonly config?: readonly string[]
  readonly env?: string
  readonly namespace: string
  readonly services?: string
  readonly port: number
  readonly service?: string
  readonly inbound?: Inbound
  readonly seed?: number
}

interface Inbound {
  readonly port: number
  readonly application: number
}

/** `dev`: the rules of local mode for processes in any language, by a proxy that lives as long as a command. */
export function devCommand(io: Io): Command {
  return new Command('dev')
    .description(
      'Run a command with HTTP_PROXY set to a proxy on this machine that follows the rules: weights, routes, timeouts, ' +
        'retries and circuit breakers for http://SERVICE and http://SERVICE.NAMESPACE; other hosts are refused. ' +
        "Signals are handed on; the exit code is the command's. Who calls is believed without proof: for a laptop only.",
    )
    .argument('<command...>', 'what to run, after --')
    .addOption(
      new Option('-f, --filename <path>', 'rules: a file, or a directory of them (may be repeated)').argParser(
        repeated,
      ),
    )
    .addOption(
      new Option('--config <file>', 'a mesh configuration; later files patch earlier ones (may be repeated)').argParser(
        repeated,
      ),
    )
    .option('--env <name>', 'the environment of the configuration (default: $MESHWRIGHT_ENV)')
    .option('-n, --namespace <name>', 'the namespace of hosts and objects that name none', 'default')
    .option(
      '--services <file>',
      'where processes listen: a YAML map of services to URLs (default: $MESHWRIGHT_SERVICES, a file or service=url,...)',
    )
    .addOption(new Option('--port <port>', "the proxy's port; 0 takes any").argParser(portValue).default(0))
    .option('--service <name>', 'which service the command is: its calls say so (default: $MESHWRIGHT_SERVICE)')
    .addOption(
      new Option(
        '--inbound <port:port>',
        'listen on the first port for the command, which listens on the second, and turn away whom AccessPolicies do',
      ).argParser(inboundValue),
    )
    .addOption(new Option('--seed <number>', 'makes shares repeatable').argParser(seedValue))
    .action(async (command: readonly string[], options: DevOptions) => {
      try {
        await develop(command, options, io)
      } catch (error) {
        throw error instanceof MeshRuleError ? new Failure(error.message, 2) : error
      }
    })
}

async function develop(command: readonly string[], options: DevOptions, io: Io): Promise<void> {
  const report = new Report(io)
  const {namespace, seed, port} = options
  const {store, endpoints} = await rulesOf(options, io, report)
  const random = randomFrom(seed)
  const transportTo = (known: Endpoints) =>
    new LocalTransport({
      endpoints: known,
      trafficOf: (service) => store.trafficOf(service),
      random,
      now: () => performance.now(),
    })
  const caller = callerOf(options, io)
  const transport = transportTo(endpoints)
  const servers: Server[] = []
  const transports = [transport]
  try {
    const isService = (service: ServiceName) => endpoints.of(service).length > 0
    const outbound = outboundProxy({transport, namespace, services: endpoints.services, isService, caller})
    servers.push(outbound)
    const address = `http://127.0.0.1:${await listen(outbound, port)}`
    if (options.inbound !== undefined) {
      if (caller === undefined) throw new Failure('--inbound needs --service, the service whose rules are asked', 2)
      // What comes in has been routed by its caller: no rule of traffic applies a second time.
      const own = ownProcess(caller, options.inbound.application)
      transports.push(own)
      const inbound = inboundProxy({transport: own, service: caller, accessOf: (service) => store.accessOf(service)})
      servers.push(inbound)
      await listen(inbound, options.inbound.port)
    }
    const code = await run(command, address, io)
    if (code === 0) return
    if (io.lifetime === undefined) throw new Failure(`${command[0] ?? ''} exited with code ${code}`)
    io.lifetime.exit(code)
  } finally {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    await Promise.all(transports.map((one) => one.close()))
  }
}

function ownProcess({namespace, name}: ServiceName, port: number): LocalTransport {
  const endpoint = {url: `http://127.0.0.1:${port}`, labels: {}}
  return new LocalTransport({
    endpoints: new Endpoints(new Map([[`${name}.${namespace}`, [endpoint]]])),
    trafficOf: () => undefined,
    random: Math.random,
    now: () => performance.now(),
  })
}

/** Read and judged by the code that `render` uses; what cannot be followed is told, and the rest is followed. */
async function rulesOf(options: DevOptions, io: Io, report: Report) {
  const {filename = [], config = [], namespace} = options
  const texts = await readManifests(filename, true, io)
  const {sources, problems} = await readSources(config, io)
  if (problems.length > 0) throw new Failure(`the configuration cannot be used\n${formatProblems(problems)}`)
  const input = ruleInput(texts, sources, namespace)
  for (const remark of input.remarks) report.plain(remark)
  const loading =
    input.configuration === undefined ? loadConfiguration([]) : {ok: true as const, loaded: input.configuration}
  if (!loading.ok) throw new Failure(`the configuration cannot be used\n${formatProblems(loading.problems)}`)
  const endpoints = await endpointsOf(options, io)
  const environment = environmentFor(input, {recursive: true, ...(options.env !== undefined && {env: options.env})}, io)
  const rules = input.objects.map(({object}) => object)
  const store = new LocalStore(loading.loaded, environment, [...objectsOf(endpoints, namespace), ...rules])
  for (const problem of store.problems()) report.line('attention', problem)
  return {store, endpoints}
}

async function endpointsOf({services}: DevOptions, io: Io): Promise<Endpoints> {
  const {MESHWRIGHT_SERVICES: variable} = io.env
  const given = services ?? variable ?? ''
  if (given === '') return new Endpoints(new Map())
  // A path has no equals sign before its first slash; an inline list always has.
  if (/^[^/=]+=/.test(given.trim())) return readInline(given)
  try {
    return readEndpoints(parse(await readFile(resolve(io.cwd, given), 'utf8')), given)
  } catch (error) {
    throw new Failure(`the services cannot be used: ${given}: ${reasonOf(error)}`)
  }
}

function callerOf({service, namespace}: DevOptions, io: Io): ServiceName | undefined {
  const {MESHWRIGHT_SERVICE: variable} = io.env
  const name = service ?? (variable || undefined)
  return name === undefined ? undefined : serviceNamed(name, namespace)
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => {
      throw new Failure(`cannot listen on port ${port}: ${reasonOf(error)}`)
    }),
  ])
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** The exit code of the command; 128 and the signal's number where a signal ended it, as shells have it. */
async function run([program = '', ...args]: readonly string[], address: string, io: Io): Promise<number> {
  const env = {...io.env, HTTP_PROXY: address, http_proxy: address}
  const child = spawn(program, args, {stdio: 'inherit', cwd: io.cwd, env})
  io.lifetime?.onStop((signal) => child.kill(signal ?? 'SIGTERM'))
  return new Promise((ended, failed) => {
    child.once('error', (error) => failed(new Failure(`cannot run ${program}: ${reasonOf(error)}`)))
    child.once('exit', (code, signal) => ended(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

function inboundValue(value: string): Inbound {
  const [port, application, ...more] = value.split(':')
  if (application === undefined || port === undefined || more.length > 0) {
    throw new InvalidArgumentError("It must be two ports, the open one and the command's, such as 8080:3000.")
  }
  return {port: portValue(port), application: portValue(application)}
}

function seedValue(value: string): number {
  const seed = Number(value)
  if (!Number.isInteger(seed)) throw new InvalidArgumentError('It must be a whole number.')
  return seed
}
