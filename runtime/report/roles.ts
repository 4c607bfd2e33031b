import type { ReportData } from './data.js'

/** The kind of value that a line or bar shows. Each has one colour, the same in every chart; see `style.ts`. */
export type Role = 'joint' | 'whole' | 'crop' | 'loss' | 'other'

/** Runs that are compared have colours of their own, by their place in a chart. */
export const runRoles = ['run1', 'run2', 'run3', 'run4'] as const
export type RunRole = (typeof runRoles)[number]

/** Returns the names of the branches, in the order of the model: the first one sees the whole image, since a crop needs an earlier guide. */
export function branchesOf({ evaluation, epochs }: Pick<ReportData, 'evaluation' | 'epochs'>): string[] {
  const accuracies = evaluation?.top1 ?? epochs.at(-1)?.top1 ?? {}
  return Object.keys(accuracies).filter((name) => name !== 'joint')
}

/** @param name of a branch, a loss, or `joint` */
export function roleOf(name: string, branches: readonly string[]): Role {
  if (name === 'joint') return 'joint'
  const index = branches.indexOf(name)
  if (index >= 0) return index === 0 ? 'whole' : 'crop'
  return name === 'total' ? 'loss' : 'other'
}
