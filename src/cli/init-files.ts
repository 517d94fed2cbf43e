import type {MeshName} from '../mesh/mesh.ts'
import type {Framework, Project} from './init-project.ts'

/** A configuration to begin with: one environment of this machine, and one of a cluster. */
export function startingConfiguration({service}: Pick<Project, 'service'>, mesh: MeshName): string {
  return `# The mesh configuration of ${service}: read by the SDK and by the command line alike.
# Every key: meshwright config schema
mesh:
  type: ${mesh}
  telemetry:
    enabled: true
    samplingRate: 0.1

# Laid over what stands above. Chosen by MESHWRIGHT_ENV, by --env, and in the SDK by NODE_ENV as well.
environments:
  development:
    mesh:
      telemetry: {samplingRate: 1.0}
      # The rules are applied in this process, whether or not there is a cluster.
      trafficManagement: {enableBypass: true}
  production:
    mesh:
      security: {mutualTLS: true}
`
}

/** What stands in a program, by the way in which its modules are loaded. */
interface Lines {
  readonly imports: readonly string[]
  readonly body: readonly string[]
}

/** The few lines that give an application `app.mesh`. */
export function linesToAdd(project: Project, configuration: string): string {
  const {imports, body} = linesOf(project, configuration)
  return [...imports, '', ...body, ''].join('\n')
}

function linesOf({service, framework, isModule}: Project, configuration: string): Lines {
  const options = `{configuration: '${configuration.replaceAll(/[\\']/g, '\\$&')}'}`
  const load = (name: string, from: string) =>
    isModule ? `import {${name}} from '${from}'` : `const {${name}} = require('${from}')`
  const register = (mesh: string) => [
    `${mesh}.on('error', (error) => console.error(error.message))`,
    `${mesh}.registerService({name: '${service}', version: 'v1.0.0', port: Number(process.env.PORT ?? 3000)})`,
  ]
  if (framework === 'fastify') {
    const registering = `app.register(meshwright, ${options})`
    return {
      imports: [load('meshwright', 'meshwright/fastify')],
      body: isModule
        ? [`await ${registering}`, ...register('app.mesh')]
        : [registering, 'app.after(() => {', ...register('app.mesh').map((line) => `  ${line}`), '})'],
    }
  }
  if (framework === 'express') {
    return {
      imports: [load('meshwright', 'meshwright/express')],
      body: [
        '// Before any route.',
        `const {mesh} = meshwright(app, ${options})`,
        ...register('mesh'),
        '// When the server has closed: mesh.close()',
      ],
    }
  }
  return {
    imports: [load('createMesh', 'meshwright'), load('middleware', 'meshwright/express')],
    body: [
      `const mesh = createMesh(${options})`,
      ...register('mesh'),
      '// Around the handler of a node:http server, or of whatever has (request, response, next):',
      'const inMesh = middleware(mesh)',
      '// When the server has closed: mesh.close()',
    ],
  }
}

/** The name of a server for a project that has none yet: a module whatever the project's other files are. */
export function serverFile({isModule, hasTypeScript}: Project): string {
  return `server.${isModule ? '' : 'm'}${hasTypeScript ? 'ts' : 'js'}`
}

/** A whole server, with a call of another service to begin with. */
export function startingServer(project: Project, configuration: string): string {
  const {imports, body} = linesOf({...project, isModule: true}, configuration)
  const {before, after} = around[project.framework]
  return [...imports, ...before, ...body.filter((line) => !line.startsWith('// When')), ...after, ''].join('\n')
}

const stop = (close: string) => ['', `for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => ${close})`]

/** What a server is beside the lines that concern the mesh. */
const around: Readonly<Record<Framework, {readonly before: readonly string[]; readonly after: readonly string[]}>> = {
  fastify: {
    before: ["import Fastify from 'fastify'", '', 'const app = Fastify({logger: true})'],
    after: [
      '',
      "app.get('/healthz', () => ({ok: true}))",
      ...stop('app.close()'),
      '',
      "await app.listen({port: Number(process.env.PORT ?? 3000), host: '0.0.0.0'})",
    ],
  },
  express: {
    before: ["import express from 'express'", '', 'const app = express()'],
    after: [
      '',
      "app.get('/healthz', (request, response) => {",
      '  response.json({ok: true})',
      '})',
      '',
      'const server = app.listen(Number(process.env.PORT ?? 3000))',
      ...stop('server.close(() => mesh.close())'),
    ],
  },
  none: {
    before: ["import {createServer} from 'node:http'", ''],
    after: [
      '',
      'const server = createServer((request, response) => {',
      '  inMesh(request, response, () => {',
      "    response.setHeader('content-type', 'application/json').end(JSON.stringify({ok: true}))",
      '  })',
      '}).listen(Number(process.env.PORT ?? 3000))',
      ...stop('server.close(() => mesh.close())'),
    ],
  },
}
