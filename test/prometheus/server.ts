import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {freePorts} from '../cluster/ports.ts'
import type {Programs} from './install.ts'

/** Milliseconds between two scrapes: short, so that a test is. */
export const scrapeInterval = 500

export interface Prometheus {
  readonly url: string
  /** Waits until every target has been scraped that often again. */
  scraped(times: number): Promise<void>
  stop(): Promise<void>
}

/** Starts a real one that scrapes these, each `127.0.0.1:PORT/PATH`, and applies these texts of rules. */
export async function startPrometheus(
  {prometheus}: Programs,
  targets: readonly string[],
  rules: readonly string[] = [],
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'meshwright-prometheus-'))
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const config = {
    global: {scrape_interval: `${scrapeInterval}ms`, evaluation_interval: `${scrapeInterval}ms`},
    rule_files: rules.map((_, index) => `rules-${index}.yaml`),
    scrape_configs: targets.map((target, index) => {
      const [address, ...path] = target.split('/')
      return {job_name: `job-${index}`, metrics_path: `/${path.join('/')}`, static_configs: [{targets: [address]}]}
    }),
  }
  await Promise.all(rules.map((text, index) => writeFile(join(folder, `rules-${index}.yaml`), text)))
  // YAML takes JSON as it is.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const flags = ['config.file=prometheus.yml', 'storage.tsdb.path=data', `web.listen-address=127.0.0.1:${port}`]
  const child = spawn(prometheus, [...flags.map((flag) => `--${flag}`), '--log.level=warn'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const ended = once(child, 'close')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, {recursive: true, force: true})
  }
  try {
    for (let tries = 0; !(await isReady(url)); tries++) {
      if (tries > 300 || child.exitCode !== null) throw new Error(`Prometheus does not start: ${said.slice(-1000)}`)
      await sleep(100)
    }
  } catch (error) {
    await stop()
    throw error
  }
  const samples = () => valueOf(url, `min(count_over_time(up[1h]))`)
  return {
    url,
    async scraped(times) {
      const before = await samples()
      for (let tries = 0; (await samples()) < before + times; tries++) {
        if (tries > 600) throw new Error(`the targets were not scraped ${times} times`)
        await sleep(100)
      }
    },
    stop,
  }
}

/** A server whose paths are expositions; how often each was scraped makes its numbers. */
export async function serveExpositions(
  expositions: Readonly<Record<string, (scrapes: number) => string>>,
): Promise<{readonly address: string; stop(): Promise<void>}> {
  const scrapes = new Map<string, number>()
  const server = createServer((request, response) => {
    const path = request.url?.slice(1) ?? ''
    const count = (scrapes.get(path) ?? 0) + 1
    scrapes.set(path, count)
    const text = expositions[path]?.(count)
    response.writeHead(text === undefined ? 404 : 200, {'content-type': 'text/plain; version=0.0.4'}).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What an expression comes to now; 0 for nothing. */
export async function valueOf(url: string, expression: string): Promise<number> {
  const [sample] = await vectorOf(url, expression)
  return sample === undefined ? 0 : sample.value
}

export async function vectorOf(
  url: string,
  expression: string,
): Promise<readonly {readonly labels: Record<string, string>; readonly value: number}[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)
  const document = (await answer.json()) as {
    error?: string
    data?: {result: {metric: Record<string, string>; value: [number, string]}[]}
  }
  if (document.data === undefined) throw new Error(`${expression}: ${document.error}`)
  return document.data.result.map(({metric, value}) => ({labels: metric, value: Number(value[1])}))
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ok}) => ok,
    () => false,
  )
}
