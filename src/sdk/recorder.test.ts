import {expect, test} from 'vitest'
import {Recorder} from './recorder.ts'
import {FakeClock} from './testing/fake-clock.ts'
import {Traces} from './traces.ts'
import type {Span, Trace} from './events.ts'

test('an interval tells requests, rate, success and latencies, and the next one begins anew', () => {
  const recorder = new Recorder()
  for (let i = 1; i <= 100; i++) recorder.record(i, i > 10 ? 200 : i > 5 ? 503 : 0)
  const summary = recorder.take(10_000)
  expect(summary).toMatchObject({requests: 100, rps: 10, successRate: 0.9})
  expect(summary.responses).toEqual({'2xx': 90, '5xx': 5, none: 5})
  expect(summary.latency.p50).toBeCloseTo(50, 0)
  expect(summary.latency.p99).toBeCloseTo(99, 0)
  expect(recorder.take(10_000)).toEqual({
    requests: 0,
    rps: 0,
    successRate: null,
    latency: {p50: null, p95: null, p99: null},
    responses: {},
    size: {request: null, response: null},
  })
})

const span = (id: string, parent: string, start: number, duration: number, error = false): Span => ({
  id,
  parent,
  service: `service-${id}`,
  name: 'GET /',
  start,
  duration,
  error,
})

test('a trace is told once, when it has gone quiet', async () => {
  const told: Trace[] = []
  const clock = new FakeClock()
  const traces = new Traces((trace) => told.push(trace), clock)
  traces.add('t', span('b', 'a', 110, 20, true))
  await clock.advance(1500)
  traces.add('t', span('a', 'outside', 100, 50))
  await clock.advance(1500)
  expect(told).toEqual([])
  await clock.advance(10_000)
  expect(told).toEqual([expect.objectContaining({id: 't', duration: 50, rootService: 'service-a', error: true})])
  expect(told[0]?.spans.map(({id}) => id)).toEqual(['a', 'b'])
})

test('the trace of a slow request is told whole, though what it called has long ended', async () => {
  const told: Trace[] = []
  const clock = new FakeClock()
  const traces = new Traces((trace) => told.push(trace), clock)
  traces.begin('t')
  traces.begin('t')
  traces.add('t', span('b', 'a', 110, 20))
  await clock.advance(60_000)
  expect(told).toEqual([])
  traces.add('t', span('a', 'outside', 100, 60_050))
  await clock.advance(2000)
  expect(told.map(({spans}) => spans.map(({id}) => id))).toEqual([['a', 'b']])
})

test('a span that never ends keeps its trace for five minutes', async () => {
  const told: Trace[] = []
  const clock = new FakeClock()
  const traces = new Traces((trace) => told.push(trace), clock)
  traces.begin('t')
  traces.begin('t')
  traces.add('t', span('b', 'a', 110, 20))
  await clock.advance(299_000)
  expect(told).toEqual([])
  await clock.advance(1000)
  expect(told).toHaveLength(1)
  expect(traces.isOpen('t')).toBe(false)
})

test('what is still open is told at the end', () => {
  const told: Trace[] = []
  const traces = new Traces((trace) => told.push(trace), new FakeClock())
  traces.add('t', span('a', '', 0, 1))
  traces.flush()
  traces.flush()
  expect(told).toHaveLength(1)
})

test('no number of open traces grows without end', () => {
  const told: Trace[] = []
  const traces = new Traces((trace) => told.push(trace), new FakeClock())
  for (let i = 0; i < 1500; i++) traces.add(`t${i}`, span('a', '', 0, 1))
  expect(told).toHaveLength(500)
})
