import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const shop = join(root, 'examples', 'shop')

test('npm start shows a canary, a denial, a breaker and a trace, finds all as the rules have it, and ends', () => {
  const {status, stdout, stderr} = spawnSync('npm', ['start', '--silent'], {
    encoding: 'utf8',
    cwd: shop,
    timeout: 55_000,
  })
  expect({status, stderr}).toEqual({status: 0, stderr: ''})
  expect(stdout).toMatch(/product-service v1 .* \d+ \(\d+\.\d %\)/)
  expect(stdout).toContain('403 shop/coupon-service may not POST /payments of shop/payment-service')
  expect(stdout).toMatch(/order 5: not paid, MESH_HTTP\norder 6: not paid, MESH_CIRCUIT_OPEN/)
  expect(stdout).toContain('orders in the book: 400, of which without payment: 0')
  expect(stdout).toMatch(/└─ notification-service {2}POST \/notifications/)
})

test('the services make one file, which says what it can run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-shop-'))
  try {
    const file = join(folder, 'main.mjs')
    const made = spawnSync(process.execPath, [join(shop, 'bundle.ts'), file], {encoding: 'utf8', cwd: root})
    expect(made).toMatchObject({status: 0, stderr: ''})
    const {status, stderr} = spawnSync(process.execPath, [file, 'nobody'], {encoding: 'utf8', cwd: folder})
    expect({status, stderr}).toEqual({status: 1, stderr: expect.stringContaining('"nobody" is none of user-service, ')})
  } finally {
    rmSync(folder, {recursive: true})
  }
})
