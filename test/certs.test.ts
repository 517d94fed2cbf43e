import {mkdtemp, readdir, readFile, rm, stat, symlink, mkdir, writeFile, rename} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, describe, expect, it, vi} from 'vitest'
import {issue, makeAuthority} from '../src/certs/authority.ts'
import {readAuthority, readKeyPair, writeFolder} from '../src/certs/folder.ts'
import {inspect} from '../src/certs/pair.ts'
import {folderSource, ownSource, type Certification} from '../src/certs/source.ts'
import {certsCommand} from '../src/cli/certs.ts'
import {Failure} from '../src/cli/failure.ts'
import {eventually} from './admission/harness.ts'

const now = new Date()
const days = (count: number) => new Date(now.getTime() + count * 24 * 3600 * 1000)
const authority = await makeAuthority(now)

function problemsOf(...of: Parameters<typeof inspect>): readonly string[] {
  return inspect(...of).problems
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshwright-certs-'))
})
afterAll(() => rm(folder, {recursive: true}))

describe('inspection', () => {
  it('finds nothing wrong with what was just issued, and names its hosts', async () => {
    const {leaf, problems} = inspect(await issue(authority, ['a.example', '10.0.0.1', '::1'], now), authority.cert, now)
    expect(problems).toEqual([])
    expect(leaf?.names).toEqual(['DNS:a.example', 'IP Address:10.0.0.1', 'IP Address:0:0:0:0:0:0:0:1'])
    expect(leaf?.notAfter.getTime()).toBeCloseTo(days(7).getTime(), -4)
  })

  it('says what is wrong, in a sentence each', async () => {
    const pair = await issue(authority, ['localhost'], now)
    const other = await issue(await makeAuthority(now), ['localhost'], now)
    expect(problemsOf(pair, authority.cert, days(8))).toEqual([
      `tls.crt expired on ${inspect(pair, undefined, now).leaf?.notAfter.toISOString()}`,
    ])
    expect(problemsOf(pair, authority.cert, days(-1))[0]).toMatch(/^tls.crt is not valid before /)
    expect(problemsOf({cert: pair.cert, key: other.key}, authority.cert, now)).toEqual([
      'tls.key does not belong to tls.crt',
    ])
    expect(problemsOf(other, authority.cert, now)).toEqual(['tls.crt was not signed by ca.crt'])
    expect(problemsOf(authority, undefined, now)).toEqual(['tls.crt is an authority, not a server certificate'])
    expect(problemsOf({cert: '', key: ''}, '', now)).toHaveLength(3)
    expect(problemsOf({cert: pair.cert.slice(0, 200), key: pair.key}, undefined, now)).toEqual([
      'tls.crt is not a PEM certificate',
    ])
  })

  it('finds the signer in a bundle that holds the old and the new authority, whichever comes first', async () => {
    const next = await makeAuthority(now)
    const pair = await issue(next, ['localhost'], now)
    expect(inspect(pair, authority.cert + next.cert, now).problems).toEqual([])
    expect(inspect(pair, next.cert + authority.cert, now).problems).toEqual([])
  })
})

describe('a watched folder', () => {
  const taken: Certification[] = []
  const serial = () => {
    const last = taken.at(-1)
    return last?.ok === true ? last.certified.leaf.serial : last?.problems.join()
  }
  const fast = {settle: 20, poll: 200}
  beforeEach(() => {
    taken.length = 0
  })

  it('tells of a new pair, and of one that is half written, and goes on', async () => {
    const dir = join(folder, 'plain')
    await writeFolder(dir, await issue(authority, ['localhost'], now), authority.cert)
    const source = folderSource(dir, fast)
    const watch = source.watch((certification) => taken.push(certification))
    expect((await source.load()).ok).toBe(true)
    const next = await issue(authority, ['localhost'], now)
    await writeFile(join(dir, 'tls.crt'), next.cert.slice(0, 300))
    await eventually(() => serial() === 'tls.crt is not a PEM certificate')
    await writeFile(join(dir, 'tls.crt'), next.cert)
    await eventually(() => serial() === 'tls.key does not belong to tls.crt')
    await writeFile(join(dir, 'tls.key'), next.key)
    await eventually(() => serial() === inspect(next, undefined, now).leaf?.serial)
    await rm(join(dir, 'tls.key'))
    await eventually(() => serial()?.includes('ENOENT') === true)
    watch.close()
  })

  it('takes what was not valid yet once it is, though no file changes', async () => {
    const dir = join(folder, 'early')
    await writeFolder(dir, await issue(authority, ['localhost'], now), authority.cert)
    const source = folderSource(dir, {...fast, again: 50})
    const watch = source.watch((certification) => taken.push(certification))
    // Valid from in about a second: a certificate is dated five minutes back.
    const early = await issue(authority, ['localhost'], new Date(Date.now() + 5 * 60_000 + 2000))
    await writeFolder(dir, early, authority.cert)
    await eventually(() => serial()?.includes('is not valid before') === true)
    await eventually(() => serial() === inspect(early, undefined, now).leaf?.serial)
    expect(taken.filter(({ok}) => ok)).toHaveLength(1)
    watch.close()
  })

  it('tells of what stays refused again and again, so that an alert on refusals does not end', async () => {
    const dir = join(folder, 'refused')
    await writeFolder(dir, await issue(authority, ['localhost'], now), authority.cert)
    const source = folderSource(dir, {...fast, again: 50})
    const watch = source.watch((certification) => taken.push(certification))
    await writeFile(join(dir, 'tls.crt'), 'none')
    await eventually(() => taken.length >= 3)
    expect(taken.every(({ok}) => !ok)).toBe(true)
    watch.close()
  })

  it('follows the swap by which a mounted Secret changes', async () => {
    const dir = join(folder, 'mount')
    const put = async (name: string) => {
      const pair = await issue(authority, ['localhost'], now)
      await writeFolder(join(dir, name), pair, authority.cert)
      await symlink(name, join(dir, '..data.tmp'))
      await rename(join(dir, '..data.tmp'), join(dir, '..data'))
      return inspect(pair, undefined, now).leaf?.serial
    }
    await mkdir(dir)
    await put('..one')
    for (const name of ['tls.crt', 'tls.key', 'ca.crt']) await symlink(join('..data', name), join(dir, name))
    const source = folderSource(dir, fast)
    const watch = source.watch((certification) => taken.push(certification))
    for (const version of ['..two', '..three']) {
      const expected = await put(version)
      await eventually(() => serial() === expected)
    }
    watch.close()
  })
})

describe("the webhook's own certificate", () => {
  it('is issued by one authority and renewed after two thirds of its week', async () => {
    let clock = now
    const source = ownSource(['localhost', '10.0.0.1'], () => clock)
    const first = await source.load()
    clock = days(5)
    const second = await source.load()
    if (!first.ok || !second.ok) throw new Error('not issued')
    expect(first.certified.leaf.serial).not.toBe(second.certified.leaf.serial)
    expect(first.certified.leaf.issuer).toBe(second.certified.leaf.issuer)
    expect(second.certified.leaf.notAfter.getTime()).toBeCloseTo(days(12).getTime(), -4)
    expect(first.certified.leaf.names).toEqual(['DNS:localhost', 'IP Address:10.0.0.1'])
  })
})

it('looks at the wall clock each minute, so that a machine that slept still renews in time', async () => {
  vi.useFakeTimers({toFake: ['setInterval', 'clearInterval']})
  let clock = now
  const source = ownSource(['localhost'], () => clock)
  const renewed: Certification[] = []
  const watch = source.watch((certification) => renewed.push(certification))
  await source.load()
  clock = days(4.6)
  vi.advanceTimersByTime(60_000)
  clock = days(4.7)
  vi.advanceTimersByTime(60_000)
  vi.useRealTimers()
  await eventually(() => renewed.length > 0)
  watch.close()
  expect(renewed).toMatchObject([{ok: true}])
})

async function run(...args: string[]): Promise<{stdout: string; stderr: string; code: number}> {
  const out = {stdout: '', stderr: '', code: 0}
  const sink = (name: 'stdout' | 'stderr') => ({write: (text: string) => (out[name] += text)})
  const io = {stdin: process.stdin, stdout: sink('stdout'), stderr: sink('stderr'), env: {}, cwd: folder}
  const command = certsCommand(io).exitOverride()
  for (const below of command.commands) below.exitOverride().configureOutput({writeErr: io.stderr.write})
  try {
    await command.parseAsync(args, {from: 'user'})
  } catch (error) {
    out.code = error instanceof Failure ? error.exitCode : 2
    out.stderr += error instanceof Error ? error.message : ''
  }
  return out
}

describe('meshwright certs', () => {
  it('init writes a pair that show finds good, the key for its owner only, and nothing else', async () => {
    const made = await run('init', '--dir', 'made', '--host', 'a.example', '--host', '10.1.2.3')
    expect(made).toMatchObject({code: 0, stdout: ''})
    expect((await readdir(join(folder, 'made'))).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key'])
    expect((await stat(join(folder, 'made', 'tls.key'))).mode & 0o777).toBe(0o600)
    const table = await run('show', '--dir', 'made')
    expect(table.code).toBe(0)
    expect(table.stdout).toMatch(/NAMES +DNS:a.example, IP Address:10.1.2.3/)
    expect(table.stdout).toMatch(/DAYS LEFT +6 +364/)
    const shown = await run('show', '--dir', 'made', '-o', 'json')
    expect(JSON.parse(shown.stdout)).toMatchObject({
      problems: [],
      certificate: {daysLeft: 6},
      authority: {daysLeft: 364},
    })
    expect(shown.code).toBe(0)
  })

  it('init overwrites nothing unless it is forced', async () => {
    await run('init', '--dir', 'kept')
    const before = await readFile(join(folder, 'kept', 'tls.crt'), 'utf8')
    const again = await run('init', '--dir', 'kept')
    expect(again).toMatchObject({code: 1, stderr: 'kept has ca.crt, tls.crt, tls.key already; --force overwrites them'})
    expect(await readFile(join(folder, 'kept', 'tls.crt'), 'utf8')).toBe(before)
    expect((await run('init', '--dir', 'kept', '--force')).code).toBe(0)
    expect(await readFile(join(folder, 'kept', 'tls.crt'), 'utf8')).not.toBe(before)
  })

  it('show exits 1 for a pair that clients would not trust, whatever the output format', async () => {
    await run('init', '--dir', 'broken')
    await writeFile(join(folder, 'broken', 'ca.crt'), (await makeAuthority(now)).cert)
    for (const output of ['json', 'table']) {
      const shown = await run('show', '--dir', 'broken', '-o', output)
      expect(shown).toMatchObject({code: 1, stderr: 'tls.crt was not signed by ca.crt'})
      expect(shown.stdout).toContain('CN=Meshwright webhook')
    }
    expect((await run('show', '--dir', 'nowhere')).code).toBe(1)
  })

  it('init --only certificate signs another pair for the same names by the authority that is there', async () => {
    await run('init', '--dir', 'renewed', '--ca-key', '--host', 'a.example', '--host', '::1')
    const dir = join(folder, 'renewed')
    expect((await readdir(dir)).sort()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key'])
    expect((await stat(join(dir, 'ca.key'))).mode & 0o777).toBe(0o600)
    const before = await Promise.all([readKeyPair(dir), readAuthority(dir)])
    expect(await run('init', '--dir', 'renewed', '--only', 'certificate')).toMatchObject({code: 0, stdout: ''})
    const [pair, bundle] = await Promise.all([readKeyPair(dir), readAuthority(dir)])
    expect(bundle).toBe(before[1])
    expect(pair.cert).not.toBe(before[0].cert)
    const {leaf, problems} = inspect(pair, bundle, now)
    expect({names: leaf?.names, problems}).toEqual({
      names: ['DNS:a.example', 'IP Address:0:0:0:0:0:0:0:1'],
      problems: [],
    })
    await run('init', '--dir', 'renewed', '--only', 'certificate', '--host', 'b.example')
    expect(inspect(await readKeyPair(dir), bundle, now).leaf?.names).toEqual(['DNS:b.example'])
  })

  it('init --only authority lets clients trust the old certificate and the next one', async () => {
    await run('init', '--dir', 'rotated', '--ca-key')
    const dir = join(folder, 'rotated')
    const old = await Promise.all([readKeyPair(dir), readAuthority(dir)])
    expect((await run('init', '--dir', 'rotated', '--only', 'authority')).code).toBe(0)
    const bundle = await readAuthority(dir)
    expect(await readKeyPair(dir)).toEqual(old[0])
    expect(inspect(old[0], bundle, now).problems).toEqual([])
    await run('init', '--dir', 'rotated', '--only', 'certificate')
    const next = await readKeyPair(dir)
    expect(inspect(next, bundle, now).problems).toEqual([])
    expect(inspect(next, old[1], now).problems).toEqual(['tls.crt was not signed by ca.crt'])
    // The next rotation forgets the first authority: a bundle does not grow for ever.
    await run('init', '--dir', 'rotated', '--only', 'authority')
    expect((await readAuthority(dir))?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(inspect(old[0], await readAuthority(dir), now).problems).toEqual(['tls.crt was not signed by ca.crt'])
  })

  it('init --only says what is missing, and a new authority leaves no key of another one behind', async () => {
    await run('init', '--dir', 'keyless')
    const missing = {code: 1, stderr: 'keyless has no ca.key; certs init --ca-key makes both'}
    expect(await run('init', '--dir', 'keyless', '--only', 'certificate')).toMatchObject(missing)
    await run('init', '--dir', 'keyless', '--force', '--ca-key')
    await run('init', '--dir', 'keyless', '--force')
    expect(await run('init', '--dir', 'keyless', '--only', 'authority')).toMatchObject(missing)
    await writeFile(join(folder, 'keyless', 'ca.key'), (await makeAuthority(now)).key)
    expect(await run('init', '--dir', 'keyless', '--only', 'certificate')).toMatchObject({
      code: 1,
      stderr: 'keyless: ca.key does not belong to ca.crt',
    })
  })

  it('takes host names and addresses only', async () => {
    for (const host of ['a b', 'http://a', '', '-a', 'a,DNS:b', 'ü.example']) {
      expect((await run('init', '--dir', 'bad', '--host', host)).code).toBe(2)
    }
  })
})
