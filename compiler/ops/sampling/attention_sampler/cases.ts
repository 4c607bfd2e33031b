import type { Case } from '../../support/case.js'

export const cases: readonly Case[] = [
  {
    name: 'a bright corner',
    inputs: {
      image: { shape: [1, 3, 8, 8], fill: 'random' },
      guide: { shape: [1, 4, 4], fill: { values: [5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] } },
    },
  },
  {
    name: 'negative values',
    inputs: {
      image: { shape: [1, 2, 5, 5], fill: 'random' },
      guide: { shape: [1, 3, 3], fill: { values: [-2, -1, -3, -1, -2, 4, -3, -1, 1] } },
    },
  },
  {
    name: 'to another size',
    inputs: { image: { shape: [3, 2, 9, 7], fill: 'random' }, guide: { shape: [3, 5, 3], fill: 'positive' } },
    arguments: { size: [4, 6], density: 3 },
  },
  {
    name: 'axes of their own',
    inputs: { image: { shape: [2, 1, 7, 8], fill: 'random' }, guide: { shape: [2, 4, 5], fill: 'positive' } },
    arguments: { axes: 'independent', density: 1.5 },
  },
  {
    name: 'a stripe, which balances to nearly even steps',
    inputs: {
      image: { shape: [1, 1, 6, 6], fill: 'random' },
      guide: { shape: [1, 3, 4], fill: { values: [0.1, 2, 0.1, 0.1, 0.1, 2, 0.1, 0.1, 0.1, 2, 0.1, 0.1] } },
    },
  },
  {
    name: 'all in one cell, bounded',
    inputs: {
      image: { shape: [1, 1, 6, 6], fill: 'random' },
      guide: { shape: [1, 3, 3], fill: { values: [0, 0, 0, 0, 0, 0, 0, 0, 9] } },
    },
  },
  {
    name: 'a map of zeros: even steps',
    inputs: { image: { shape: [2, 3, 5, 4], fill: 'random' }, guide: { shape: [2, 3, 3], fill: 'zeros' } },
  },
]
