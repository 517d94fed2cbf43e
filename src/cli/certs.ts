import {isIP} from 'node:net'
import {resolve} from 'node:path'
import {Command, InvalidArgumentError, Option} from 'commander'
import type {KeyPair} from '../admission/tls.ts'
import {present, readAuthority, readKeyPair, writeFolder} from '../certs/folder.ts'
import {inspect, type CertificateFacts, type Inspection} from '../certs/pair.ts'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'

/** Where a webhook is called on this machine, and where the manifests put it in a cluster. */
const usualHosts = ['localhost', '127.0.0.1', '::1', 'meshwright.meshwright-system.svc']

/** `certs init | show`: the webhook's certificate and its authority, in a folder. */
export function certsCommand(io: Io): Command {
  return new Command('certs')
    .description("Make and show the webhook's certificates.")
    .addCommand(initCommand(io))
    .addCommand(showCommand(io))
}

function initCommand(io: Io): Command {
  return new Command('init')
    .description(
      "Make an authority (ca.crt, a year) and a certificate signed by it (tls.crt, tls.key, a week). The authority's key is not kept: run it again for another pair.",
    )
    .option('--dir <directory>', 'where to write them', 'certs')
    .addOption(
      new Option('--host <host>', 'a host name or IP address that the webhook is called by (may be repeated)')
        .argParser((value: string, before: readonly string[]) => [
          ...(before === usualHosts ? [] : before),
          host(value),
        ])
        .default(usualHosts, usualHosts.join(', ')),
    )
    .option('--force', 'overwrite what is there', false)
    .action(async ({dir, host, force}: {dir: string; host: readonly string[]; force: boolean}) => {
      const folder = resolve(io.cwd, dir)
      const there = force ? [] : await present(folder)
      if (there.length > 0) throw new Failure(`${dir} has ${there.join(', ')} already; --force overwrites them`)
      const {makeAuthority, issue} = await import('../certs/authority.ts')
      const now = new Date()
      const authority = await makeAuthority(now)
      await writeFolder(folder, await issue(authority, host, now), authority.cert).catch((error: unknown) => {
        throw new Failure(`cannot write ${dir}: ${reasonOf(error)}`)
      })
      io.stderr.write(`wrote ca.crt, tls.crt and tls.key to ${dir}, for ${host.join(', ')}\n`)
    })
}

function host(value: string): string {
  const name = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i
  if (value.length > 253 || (isIP(value) === 0 && !name.test(value))) {
    throw new InvalidArgumentError('It must be a host name or an IP address.')
  }
  return value
}

function showCommand(io: Io): Command {
  return new Command('show')
    .description('Print what a folder of certificates holds; exit code 1 where a client would not trust it.')
    .option('--dir <directory>', 'where they are', 'certs')
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'))
    .action(async ({dir, output}: {dir: string; output: 'table' | 'json'}) => {
      const folder = resolve(io.cwd, dir)
      const now = new Date()
      const [keyPair, authority] = await read(folder).catch((error: unknown) => {
        throw new Failure(`cannot read ${dir}: ${reasonOf(error)}`)
      })
      const found = inspect(keyPair, authority, now)
      const problems = authority === undefined ? [...found.problems, 'ca.crt is missing'] : found.problems
      io.stdout.write(output === 'json' ? asJson(found, problems, now) : asTable(found, now))
      if (problems.length > 0) throw new Failure(problems.join('\n'))
    })
}

function read(folder: string): Promise<[KeyPair, string | undefined]> {
  return Promise.all([readKeyPair(folder), readAuthority(folder)])
}

const day = 24 * 3600 * 1000

function daysLeft({notAfter}: CertificateFacts, now: Date): number {
  return Math.floor((notAfter.getTime() - now.getTime()) / day)
}

function asJson({leaf, authority}: Inspection, problems: readonly string[], now: Date): string {
  const shown = (facts: CertificateFacts) => ({...facts, daysLeft: daysLeft(facts, now)})
  const document = {
    ...(leaf !== undefined && {certificate: shown(leaf)}),
    ...(authority !== undefined && {authority: shown(authority)}),
    problems,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function asTable({leaf, authority}: Inspection, now: Date): string {
  const cell = (facts: CertificateFacts | undefined, value: Row[1]) => (facts === undefined ? '-' : value(facts, now))
  const lines = [
    ['FILE', 'tls.crt', 'ca.crt'],
    ...rows.map(([title, value]) => [title, cell(leaf, value), cell(authority, value)]),
  ]
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0))
  const widths = [width(0), width(1), 0]
  const text = lines.map((line) =>
    line
      .map((value, column) => value.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
  return `${text.join('\n')}\n`
}

type Row = readonly [string, (facts: CertificateFacts, now: Date) => string]

const rows: readonly Row[] = [
  ['SUBJECT', ({subject}) => subject],
  ['ISSUER', ({issuer}) => issuer],
  ['NAMES', ({names}) => names.join(', ') || '-'],
  ['SERIAL', ({serial}) => serial],
  ['NOT BEFORE', ({notBefore}) => notBefore.toISOString()],
  ['NOT AFTER', ({notAfter}) => notAfter.toISOString()],
  ['DAYS LEFT', (facts, now) => String(daysLeft(facts, now))],
]
