import type { Case } from '../../support/case.js'

export const cases: readonly Case[] = [
  {
    name: 'a box to the border, with rounding',
    inputs: {
      image: { shape: [1, 1, 107, 3], fill: 'positive' },
      guide: { shape: [1, 5, 1], fill: { values: [0, 1, 1, 1, 1] } },
    },
    arguments: { margin: 0.05, resolution: 'grid' },
    noGradient: true,
  },
  {
    name: 'two blobs, the larger one',
    inputs: {
      image: { shape: [1, 3, 8, 8], fill: 'random' },
      guide: { shape: [1, 4, 5], fill: { values: [9, 0, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 7, 8, 0, 0, 0, 0, 0, 4] } },
    },
    arguments: { resolution: 'grid', margin: 0 },
  },
  {
    name: 'all of what counts, with a margin',
    inputs: {
      image: { shape: [2, 1, 6, 7], fill: 'random' },
      guide: { shape: [2, 3, 3], fill: { values: [0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0] } },
    },
    arguments: { region: 'all', margin: 0.1, threshold: 0.5 },
  },
  {
    name: 'a map of zeros: the whole image',
    inputs: { image: { shape: [2, 3, 5, 4], fill: 'random' }, guide: { shape: [2, 3, 3], fill: 'zeros' } },
    noGradient: true,
  },
  {
    name: 'two of one size: the first in reading order',
    inputs: {
      image: { shape: [1, 1, 6, 6], fill: 'random' },
      guide: { shape: [1, 3, 4], fill: { values: [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0] } },
    },
    arguments: { resolution: 'grid', margin: 0 },
    noGradient: true,
  },
  {
    name: 'diagonal neighbours are one component',
    inputs: {
      image: { shape: [1, 2, 6, 6], fill: 'random' },
      guide: { shape: [1, 3, 3], fill: { values: [1, 0, 0, 0, 1, 0, 0, 0, 0.1] } },
    },
    arguments: { resolution: 'grid', margin: 0.05 },
    noGradient: true,
  },
  {
    name: 'random maps',
    inputs: { image: { shape: [3, 2, 7, 9], fill: 'random' }, guide: { shape: [3, 9, 9], fill: 'positive' } },
    arguments: { threshold: 0.6, margin: 0 },
    noGradient: true,
  },
  ...(['x2', 'x4', 'image'] as const).map((resolution) => ({
    name: `cut at ${resolution}`,
    inputs: {
      image: { shape: [3, 2, 19, 23], fill: 'random' as const },
      guide: { shape: [3, 5, 6], fill: 'positive' as const },
    },
    arguments: { resolution, threshold: 0.5 },
    noGradient: true,
  })),
  {
    name: 'a drawn threshold',
    inputs: { image: { shape: [3, 1, 5, 5], fill: 'random' }, guide: { shape: [3, 6, 6], fill: 'positive' } },
    arguments: { threshold: { kind: 'uniform', low: 0.4, high: 0.9 } },
    phase: 'training',
    noGradient: true,
  },
  {
    name: 'one cell, one pixel',
    inputs: { image: { shape: [1, 3, 1, 1], fill: 'random' }, guide: { shape: [1, 1, 1], fill: 'positive' } },
    noGradient: true,
  },
]
