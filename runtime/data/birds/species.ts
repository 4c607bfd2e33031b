/** The features that distinguish the species; everything else about a bird is random. */
export interface Traits {
  readonly beak: 'plain' | 'hooked' | 'red'
  readonly crown: 'plain' | 'red cap' | 'crest'
  readonly wing: 'plain' | 'two white bars' | 'blue band'
  readonly tail: 'plain' | 'forked' | 'gold tip'
}

export interface Species {
  /** Its folder's name. */
  readonly name: string
  readonly traits: Traits
}

const plain: Traits = { beak: 'plain', crown: 'plain', wing: 'plain', tail: 'plain' }

/** Invented species, which differ in one small part each. */
export const species: readonly Species[] = [
  { name: 'barwing', traits: { ...plain, wing: 'two white bars' } },
  { name: 'blueband', traits: { ...plain, wing: 'blue band' } },
  { name: 'crestling', traits: { ...plain, crown: 'crest' } },
  { name: 'forktail', traits: { ...plain, tail: 'forked' } },
  { name: 'goldtip', traits: { ...plain, tail: 'gold tip' } },
  { name: 'hookbill', traits: { ...plain, beak: 'hooked' } },
  { name: 'redbeak', traits: { ...plain, beak: 'red' } },
  { name: 'redcap', traits: { ...plain, crown: 'red cap' } },
]
