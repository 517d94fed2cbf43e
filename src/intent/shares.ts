/** Weights that stand for something, as whole percents. */
export type Shares =
  | {readonly ok: true; readonly percents: readonly number[]}
  /** `index` of the weight that is at fault; absent: all of them. */
  | {readonly ok: false; readonly message: string; readonly index?: number}

/**
 * Whole percents that sum to 100, each less than one away from its part of the whole. What has no weight gets nothing,
 * and what has some gets at least one percent or cannot be said.
 */
export function sharesOf(weights: readonly number[]): Shares {
  const bad = weights.findIndex((weight) => !Number.isFinite(weight) || weight < 0)
  if (bad !== -1) return {ok: false, index: bad, message: 'a weight is a number from 0'}
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  if (whole === 0) return {ok: false, message: 'all weights are 0, so that nothing gets the traffic'}
  const exact = weights.map((weight) => (weight / whole) * 100)
  const percents = exact.map(Math.floor)
  const missing = 100 - percents.reduce((sum, percent) => sum + percent, 0)
  // Who lost most by rounding down gets one more; of those who lost alike, the last.
  const losses = exact.map((part, index) => ({index, loss: part - (percents[index] ?? 0)}))
  const losers = losses.filter(({index}) => weights[index] !== 0).sort((a, b) => b.loss - a.loss || b.index - a.index)
  for (const {index} of losers.slice(0, missing)) percents[index] = (percents[index] ?? 0) + 1
  const lost = weights.findIndex((weight, index) => weight > 0 && percents[index] === 0)
  if (lost === -1) return {ok: true, percents}
  const message = `${weights[lost] ?? 0} of ${whole} is less than one percent, and shares are whole percents`
  return {ok: false, index: lost, message}
}
