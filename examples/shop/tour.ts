/**
 * The shop for real, on one machine: each service a process of its own, the rules of mesh.yaml and rules/ applied by the SDK
 * in local mode. Shows a canary as counted, who is turned away, a circuit breaker that opens and closes, one trace as a tree
 * and the metrics. Ends with 1 where anything is not as the rules have it.
 */
import {delimiter, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {createMesh, MeshHttpError, type Span} from '../../src/sdk/index.ts'
import {orderOperations, paymentOperations, userOperations} from './services/contracts.ts'
import {Staff, type Job, type Report} from './services/staff.ts'
import {LiveText, MetricsView, treeOf} from './services/views.ts'

const folder = import.meta.dirname
const rules = ['access.yaml', 'traffic.yaml'].map((name) => join(folder, 'rules', name))
const jobs: readonly Job[] = [
  {name: 'user-service', version: 'v1'},
  {name: 'product-service', version: 'v1'},
  {name: 'product-service', version: 'v2'},
  {name: 'order-service', version: 'v1'},
  {name: 'payment-service', version: 'v1'},
  {name: 'notification-service', version: 'v1'},
]
const orders = 400
const breaker = {threshold: 5, seconds: 2}
const shared = {
  MESHWRIGHT_MODE: 'local',
  MESHWRIGHT_NAMESPACE: 'shop',
  MESHWRIGHT_ENV: 'development',
  MESHWRIGHT_CONFIG: join(folder, 'mesh.yaml'),
  MESHWRIGHT_RULES: rules.join(delimiter),
  BREAKER_TIMEOUT: `${breaker.seconds}s`,
}

const faults: string[] = []
const spans = new Map<string, Map<string, Span>>()
const view = new MetricsView()
const shares = new Map<string, number>()

function onReport({name}: Job, report: Report): void {
  if (report.kind === 'trace') {
    const {id, spans: parts} = report.trace
    const known = spans.get(id) ?? new Map<string, Span>()
    spans.set(id, known)
    for (const span of parts) known.set(span.id, span)
  } else if (report.kind === 'metric') {
    const {metric} = report
    view.take(name, metric)
    // What order-service saw of the catalogue, whichever version answered.
    if (name !== 'order-service' || metric.service !== 'product-service') return
    if (metric.name === 'requests') shares.set(metric.version, (shares.get(metric.version) ?? 0) + (metric.value ?? 0))
  }
}

function title(text: string): void {
  console.log(`\n${text}\n${'─'.repeat(text.length)}`)
}

function expect(holds: boolean, fault: string): void {
  if (!holds) faults.push(fault)
}

/** A mesh of this process, as the service it says it is. */
function meshOf(service: string, services: string) {
  const mesh = createMesh({
    mode: 'local',
    service,
    namespace: 'shop',
    environment: 'development',
    configuration: shared.MESHWRIGHT_CONFIG,
    rules,
    services,
  })
  mesh.on('error', (error) => faults.push(error.message))
  return mesh
}

const started = performance.now()
const staff = await Staff.start(jobs, shared, onReport)
console.log(`${jobs.length} services run, ${((performance.now() - started) / 1000).toFixed(1)} s after the start`)
const customer = meshOf('storefront', staff.addresses)
const stranger = meshOf('coupon-service', staff.addresses)
// Orders are counted by the one who may ask.
const office = meshOf('user-service', staff.addresses)
const shop = customer.getService('user-service', userOperations)
const book = office.getService('order-service', orderOperations)

const placeOrder = () => shop.placeOrder({userId: '1', items: [{productId: 'tea', quantity: 2}]})

/** The code of what went wrong, 'ok' where nothing did. */
async function outcomeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'ok'
  } catch (error) {
    if (!(error instanceof MeshHttpError)) return error instanceof Error ? error.message : String(error)
    const {reason, error: code} = Object(error.body)
    return String(reason ?? code ?? error.status)
  }
}

async function canary(): Promise<void> {
  title(`A canary: ${orders} orders, product-service 80 to 20 in mesh.yaml`)
  let left = orders
  const outcomes: string[] = []
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      outcomes.push(await outcomeOf(placeOrder))
      await sleep(20)
    }
  }
  const live = new LiveText(process.stdout)
  const redraw = setInterval(() => live.show(`${sharesShown()}\n${view.text()}`), 250)
  await Promise.all(Array.from({length: 4}, work))
  // The last second is reported when it is over.
  await sleep(1200)
  clearInterval(redraw)
  live.end(sharesShown())
  const [v1 = 0, v2 = 0] = [shares.get('v1'), shares.get('v2')]
  const deviation = Math.sqrt(orders * 0.8 * 0.2)
  expect(
    outcomes.every((outcome) => outcome === 'ok'),
    `orders failed: ${[...new Set(outcomes)].join(', ')}`,
  )
  expect(v1 + v2 === orders, `${v1 + v2} requests were counted of ${orders}`)
  expect(Math.abs(v2 - orders * 0.2) < 4 * deviation, `v2 got ${v2} of ${orders}`)
}

function sharesShown(): string {
  const counts = ['v1', 'v2'].map((version) => [version, shares.get(version) ?? 0] as const)
  const all = counts.reduce((sum, [, count]) => sum + count, 0)
  const lines = counts.map(([version, count]) => {
    const share = all === 0 ? 0 : count / all
    const bar = '█'.repeat(Math.round(share * 50)).padEnd(42)
    return `product-service ${version}  ${bar} ${count} (${(share * 100).toFixed(1)} %)\n`
  })
  return lines.join('')
}

function metrics(): void {
  title('Metrics, as they stood at the end (on a terminal they are live while orders come in)')
  process.stdout.write(view.text())
  expect(view.rows().length >= 6, 'not every call shows in the metrics')
}

async function denial(): Promise<void> {
  title('A denied call: coupon-service asks payment-service, which order-service alone may')
  const payments = stranger.getService('payment-service', paymentOperations)
  try {
    await payments.processPayment({orderId: 'x', amount: 1})
    faults.push('coupon-service was let in')
  } catch (error) {
    const denied = error instanceof MeshHttpError ? error : undefined
    console.log(denied === undefined ? String(error) : `${denied.status} ${String(Object(denied.body).message)}`)
    expect(denied?.status === 403, 'coupon-service was not turned away')
  }
}

async function breaking(): Promise<void> {
  title(`A circuit breaker: payment-service fails, ${breaker.threshold} failures open it for ${breaker.seconds} s`)
  const before = await book.countOrders()
  await staff.tell('payment-service', {isFailing: true})
  const outcomes: string[] = []
  for (let i = 0; i < 8; i++) outcomes.push(await outcomeOf(placeOrder))
  for (const [index, outcome] of outcomes.entries()) console.log(`order ${index + 1}: not paid, ${outcome}`)
  const asked = outcomes.filter((outcome) => outcome === 'MESH_HTTP').length
  const open = outcomes.slice(asked).every((outcome) => outcome === 'MESH_CIRCUIT_OPEN')
  expect(asked === breaker.threshold && open, `the breaker did not open after ${breaker.threshold} failures`)
  const during = await book.countOrders()
  console.log(`orders in the book: ${during.orders}, of which without payment: ${during.unfinished}`)
  expect(during.orders === before.orders && during.unfinished === 0, 'a failed payment left an order')

  const opened = performance.now()
  await staff.tell('payment-service', {isFailing: false})
  let outcome = ''
  while (outcome !== 'ok' && performance.now() - opened < 10_000) {
    await sleep(100)
    outcome = await outcomeOf(placeOrder)
  }
  const seconds = (performance.now() - opened) / 1000
  console.log(`payment-service is well again; the breaker closed ${seconds.toFixed(1)} s later, and the order was paid`)
  expect(outcome === 'ok' && seconds > breaker.seconds * 0.7, 'the breaker did not close when its time was over')
}

async function trace(): Promise<void> {
  const id = 'decade00'.repeat(4)
  await customer.withContext({traceparent: `00-${id}-00f067aa0ba902b7-01`}, placeOrder)
  // A trace is told when it has been quiet for two seconds.
  for (let i = 0; i < 60 && (spans.get(id)?.size ?? 0) < 11; i++) await sleep(100)
  const parts = [...(spans.get(id)?.values() ?? [])]
  title(`One trace, ${id}, in ${new Set(parts.map(({service}) => service)).size} services`)
  console.log(treeOf(parts))
  const silent = jobs.filter(({name}) => !parts.some(({service}) => service === name))
  expect(silent.length === 0, `the trace lacks ${silent.map(({name}) => name).join(', ')}`)
}

try {
  await canary()
  metrics()
  await denial()
  await breaking()
  await trace()
} finally {
  await Promise.all([customer, stranger, office].map((mesh) => mesh.close()))
  await staff.dismiss()
}
for (const fault of faults) console.error(`× ${fault}`)
console.log(faults.length === 0 ? '\nAll as the rules have it.' : '\nNot as the rules have it.')
process.exitCode = faults.length === 0 ? 0 : 1
