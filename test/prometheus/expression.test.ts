import {expect, test} from 'vitest'
import {metricsIn} from './expression.ts'

test.each<[string, readonly string[]]>([
  ['up', ['up']],
  ['sum by (job, instance) (rate(a_total{b="c or d",e=~"f{1}"}[5m])) > 0.01', ['a_total']],
  ['a:b:c / on (d) group_left (e) f offset 5m and g == bool 1', ['a:b:c', 'f', 'g']],
  ['histogram_quantile(0.99, sum(rate(h_bucket[1m])) by (le))', ['h_bucket']],
  ['time() - max without (watch) (x) unless on (y) z', ['x', 'z']],
  ['label_replace(vector(1), "a", "$1", "b", "(.*)") or a * 1e3 + Inf', ['a']],
  ['{__name__=~"a|b"}', []],
])('%s reads %j', (expression, metrics) => {
  expect(metricsIn(expression)).toEqual(metrics)
})
