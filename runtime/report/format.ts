import type { PairedDifference } from '../inference/paired.js'

/** Formats 0.926 as `92.6 %`, with a no-break space. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}\u00a0%`
}

/** 0.031 as `+3.1`, in percentage points. */
export function points(share: number): string {
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)}`
}

/** `95 % interval 89.4 to 95.0 %` */
export function intervalText([low, high]: readonly [low: number, high: number]): string {
  return `95\u00a0% interval ${(low * 100).toFixed(1)} to ${percent(high)}`
}

/** 1 as `1 image`, 3 as `3 images` */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}

/** 4839000 as `4.8 million` */
export function largeNumber(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} billion`
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} million`
  return value >= 1e3 ? `${(value / 1e3).toFixed(1)} thousand` : String(value)
}

/** Returns a difference in points with its interval, the images that it comes from, and whether it is significant. */
export function differenceText(compared: PairedDifference, first: string, second: string): string {
  const { difference, interval, onlyFirst, onlySecond, pValue } = compared
  const [low, high] = interval
  const verdict = isSignificant(compared) ? 'significant' : 'not significant'
  const p = pValue < 0.001 ? 'p below 0.001' : `p = ${pValue.toPrecision(2)}`
  return `${points(difference)} points (95\u00a0% interval ${points(low)} to ${points(high)}); ${counted(onlyFirst, 'image')} classified correctly only by ${first}, ${onlySecond} only by ${second}. The difference is ${verdict} (McNemar, ${p}).`
}

/** Whether the difference is significant at the 5 % level. */
export function isSignificant({ pValue }: Pick<PairedDifference, 'pValue'>): boolean {
  return pValue < 0.05
}
