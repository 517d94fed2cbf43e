import {resolve} from 'node:path'
import {Command, Option} from 'commander'
import type {KeyPair} from '../admission/tls.ts'
import {present, readAuthority, readAuthorityKey, readKeyPair, writeFolder, writeTexts} from '../certs/folder.ts'
import {inspect, signerOf, type CertificateFacts, type Inspection} from '../certs/pair.ts'
import {names, usualNamespace} from '../install/names.ts'
import {rotateCommand} from './certs-rotate.ts'
import {Failure, reasonOf} from './failure.ts'
import type {Io} from './io.ts'
import {hostValue} from './option-values.ts'

/** Where a webhook is called on this machine, and where the manifests put it in a cluster. */
const usualHosts = ['localhost', '127.0.0.1', '::1', `${names.webhook}.${usualNamespace}.svc`]

/** `certs init | show`: the webhook's certificate and its authority, in a folder; `certs rotate`: in a cluster. */
export function certsCommand(io: Io): Command {
  return new Command('certs')
    .description("Make, show and rotate the webhook's certificates.")
    .addCommand(initCommand(io))
    .addCommand(showCommand(io))
    .addCommand(rotateCommand(io))
}

interface InitOptions {
  readonly dir: string
  readonly host?: readonly string[]
  readonly force: boolean
  readonly caKey: boolean
  readonly only?: 'certificate' | 'authority'
}

function initCommand(io: Io): Command {
  return new Command('init')
    .description(
      "Make an authority (ca.crt, a year) and a certificate signed by it (tls.crt, tls.key, a week). The authority's key is not kept: run it again for another pair, or keep it with --ca-key.",
    )
    .option('--dir <directory>', 'where to write them', 'certs')
    .addOption(
      new Option(
        '--host <host>',
        `a host name or IP address that the webhook is called by (may be repeated; default: ${usualHosts.join(', ')}; with --only certificate those of the certificate that is there)`,
      ).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), hostValue(value)]),
    )
    .option('--force', 'overwrite what is there', false)
    .option('--ca-key', "keep the authority's key too (ca.key), so that --only can use it", false)
    .addOption(
      new Option(
        '--only <part>',
        'renew one part by ca.key: another certificate of the same authority; or another authority, in ca.crt beside the old one, for clients to trust both before the certificate is renewed',
      ).choices(['certificate', 'authority']),
    )
    .action(async ({dir, host: hosts, force, caKey, only}: InitOptions) => {
      const folder = resolve(io.cwd, dir)
      if (only !== undefined) {
        const written = await renew(folder, dir, only, hosts)
        io.stderr.write(`wrote ${written}\n`)
        return
      }
      const there = force ? [] : await present(folder)
      if (there.length > 0) throw new Failure(`${dir} has ${there.join(', ')} already; --force overwrites them`)
      const {makeAuthority, issue} = await import('../certs/authority.ts')
      const now = new Date()
      const authority = await makeAuthority(now)
      const names = hosts ?? usualHosts
      await written(dir, writeFolder(folder, await issue(authority, names, now), authority.cert))
      if (caKey) await written(dir, writeTexts(folder, {authorityKey: authority.key}))
      const files = caKey ? 'ca.crt, ca.key, tls.crt and tls.key' : 'ca.crt, tls.crt and tls.key'
      io.stderr.write(`wrote ${files} to ${dir}, for ${names.join(', ')}\n`)
    })
}

/** Renews one part of a folder whose authority's key was kept; answers with what was written. */
async function renew(
  folder: string,
  dir: string,
  only: 'certificate' | 'authority',
  hosts: readonly string[] | undefined,
): Promise<string> {
  const [bundle, key] = await Promise.all([readAuthority(folder), readAuthorityKey(folder)]).catch((error: unknown) => {
    throw new Failure(`cannot read ${dir}: ${reasonOf(error)}`)
  })
  if (bundle === undefined || key === undefined) {
    throw new Failure(`${dir} has no ${key === undefined ? 'ca.key' : 'ca.crt'}; certs init --ca-key makes both`)
  }
  const authority = signerOf(bundle, key)
  if (authority === undefined) throw new Failure(`${dir}: ca.key does not belong to ca.crt`)
  const {makeAuthority, issue} = await import('../certs/authority.ts')
  const now = new Date()
  if (only === 'certificate') {
    const names = hosts ?? (await namesOf(folder, now)) ?? usualHosts
    await written(dir, writeTexts(folder, await issue(authority, names, now)))
    return `tls.crt and tls.key to ${dir}, for ${names.join(', ')}`
  }
  const next = await makeAuthority(now)
  // Two are enough: whoever trusts neither has missed two rotations.
  await written(dir, writeTexts(folder, {authority: next.cert + authority.cert, authorityKey: next.key}))
  return `ca.crt (the new authority and the one before) and ca.key to ${dir}`
}

/** The host names and addresses of the certificate that is there; undefined where there is none. */
async function namesOf(folder: string, now: Date): Promise<readonly string[] | undefined> {
  const keyPair = await readKeyPair(folder).catch(() => undefined)
  const leaf = keyPair && inspect(keyPair, undefined, now).leaf
  return leaf?.names.map((name) => name.replace(/^(DNS|IP Address):/, ''))
}

function written(dir: string, writing: Promise<void>): Promise<void> {
  return writing.catch((error: unknown) => {
    throw new Failure(`cannot write ${dir}: ${reasonOf(error)}`)
  })
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
