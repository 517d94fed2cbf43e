import {Writable} from 'node:stream'
import {expect, test} from 'vitest'
import {LiveText, MetricsView, treeOf} from '../../examples/shop/services/views.ts'

/** Output that remembers what was written. */
function output(isTTY: boolean) {
  const written: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk))
      done()
    },
  })
  return {stream: Object.assign(stream, {isTTY}), written}
}

test('live text is written over what stood there before, and the last of it stays', () => {
  const {stream, written} = output(true)
  const live = new LiveText(stream)
  live.show('one\ntwo\n')
  live.show('three\n')
  live.end('four\n')
  live.show('five\n')
  expect(written.join('')).toBe('one\ntwo\n\x1b[2A\x1b[0Jthree\n\x1b[1A\x1b[0Jfour\nfive\n')
})

test('where there is no terminal only the end shows', () => {
  const {stream, written} = output(false)
  const live = new LiveText(stream)
  live.show('one\n')
  live.end('two\n')
  expect(written).toEqual(['two\n'])
})

test('metrics of one service stand apart by version and by who saw them, and nothing known is no zero', () => {
  const view = new MetricsView()
  const metric = {namespace: 'shop', unit: 'requests', window: 1000} as const
  view.take('order-service', {...metric, service: 'product-service', version: 'v1', name: 'requests', value: 3})
  view.take('order-service', {...metric, service: 'product-service', version: 'v2', name: 'requests', value: null})
  expect(view.rows()).toEqual([
    ['product-service', 'v1', 'order-service', '3', '-', '-', '-', '-'],
    ['product-service', 'v2', 'order-service', '-', '-', '-', '-', '-'],
  ])
})

test('spans are a tree, whoever reported them, and a span without its parent begins one', () => {
  const span = {start: 1000, duration: 2, error: false}
  const tree = treeOf([
    {...span, id: 'c', parent: 'b', service: 'payment', name: 'POST /payments', error: true},
    {...span, id: 'a', parent: 'elsewhere', service: 'user', name: 'GET /'},
    {...span, id: 'b', parent: 'a', service: 'order', name: 'POST /orders', start: 1001},
  ])
  expect(tree.split('\n').map((line) => line.trimEnd().replace(/ {2,}/g, '  '))).toEqual([
    'user  GET /  +0.0 ms  2.0 ms',
    '└─ order  POST /orders  +1.0 ms  2.0 ms',
    ' '.repeat(2) + '└─ payment  POST /payments  +0.0 ms  2.0 ms  failed',
  ])
})
