/**
 * Reads Python pickles of checkpoints without executing anything. A pickle is a program for a stack machine; this interpreter never looks up a
 * global: objects of classes and results of functions are placeholders that hold the arguments. Opcodes: CPython's Lib/pickletools.py; torch's use of
 * them: torch/serialization.py, torch/_utils.py.
 */

import { runsCode } from './pickle_globals.js'

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | PickleMap
  | PickleGlobal
  | PickleObject

/** A dict; only entries with string or number keys are needed. */
export class PickleMap {
  readonly items = new Map<PickleValue, PickleValue>()
}

/** A class or function, by its name. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** A placeholder for the result of a call, an instance of a class, or a persistent id. */
export class PickleObject {
  /** The argument of `__setstate__`, usually its attributes. */
  state: PickleValue = null
  /** Items set by key, for defaultdict, Counter, and other subclasses of dict. */
  readonly entries = new PickleMap()

  constructor(
    readonly made: string,
    readonly given: readonly PickleValue[],
  ) {}
}

export interface PickleSource {
  byte(): number
  take(count: number): Uint8Array
}

export class PickleError extends Error {}

class Mark {}

type Slot = PickleValue | Mark

/** A large checkpoint with long lists has a few million opcodes; more would only exhaust memory. */
const mostSteps = 10_000_000

/** Runs one pickle from the source to its STOP. @throws PickleError for a malformed pickle, and for one that refers to a global that runs code */
export function readPickle(source: PickleSource): PickleValue {
  return new Machine(source).run()
}

class Machine {
  private readonly stack: Slot[] = []
  private readonly memo = new Map<number, Slot>()

  constructor(private readonly source: PickleSource) {}

  run(): PickleValue {
    for (let step = 0; step < mostSteps; step++) {
      const code = this.source.byte()
      if (code === 0x2e) return this.value(this.pop())
      const operation = operations.get(code)
      if (!operation) throw new PickleError(`it has the instruction 0x${code.toString(16)}, which no checkpoint needs`)
      operation(this)
    }
    throw new PickleError(`it has more than ${mostSteps} instructions, which no checkpoint needs`)
  }

  push(value: Slot): void {
    this.stack.push(value)
  }

  pop(): Slot {
    const value = this.stack.pop()
    if (value === undefined) throw new PickleError('its stack is empty where something is taken from it')
    return value
  }

  value(slot: Slot): PickleValue {
    if (slot instanceof Mark) throw new PickleError('a mark stands where a value should')
    return slot
  }

  popValue(): PickleValue {
    return this.value(this.pop())
  }

  top(): PickleValue {
    const value = this.popValue()
    this.push(value)
    return value
  }

  /** Pops everything above the last mark. */
  popToMark(): PickleValue[] {
    const found = this.stack.findLastIndex((slot) => slot instanceof Mark)
    if (found === -1) throw new PickleError('it goes back to a mark that is not there')
    const values = this.stack.splice(found).slice(1)
    return values.map((slot) => this.value(slot))
  }

  put(index: number): void {
    this.memo.set(index, this.top())
  }

  memoize(): void {
    this.put(this.memo.size)
  }

  get(index: number): void {
    const value = this.memo.get(index)
    if (value === undefined) throw new PickleError(`it uses value ${index} before it is there`)
    this.push(value)
  }

  bytes(count: number): Uint8Array {
    return this.source.take(count)
  }

  byte(): number {
    return this.source.byte()
  }

  unsigned(bytes: number): number {
    const data = this.bytes(bytes)
    let value = 0
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (data[i] as number)
    return value
  }

  long(bytes: number): number | bigint {
    const data = Uint8Array.from(this.bytes(bytes))
    let value = 0n
    for (let i = data.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(data[i] as number)
    const signed = BigInt.asIntN(8 * data.length, value)
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed
  }

  text(count: number): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.bytes(count))
  }

  lineBytes(): Uint8Array {
    const bytes: number[] = []
    for (let byte = this.byte(); byte !== 0x0a; byte = this.byte()) {
      bytes.push(byte)
      if (bytes.length > 1 << 20) throw new PickleError('it has a line without an end')
    }
    return Uint8Array.from(bytes)
  }

  line(): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.lineBytes())
  }

  global(module: string, name: string): void {
    const full = `${module}.${name}`
    if (runsCode(module, name))
      throw new PickleError(`it asks for \`${full}\`, which is code and not weights; nothing of it was run`)
    this.push(new PickleGlobal(full))
  }

  /** Calls a function or a class; the result is a placeholder. */
  call(callee: PickleValue, given: PickleValue): void {
    const name = callee instanceof PickleGlobal ? callee.name : callee instanceof PickleObject ? callee.made : undefined
    if (name === undefined || !isList(given)) throw new PickleError('it calls something that is no name')
    this.push(name === 'collections.OrderedDict' ? orderedDict(given) : new PickleObject(name, given))
  }

  reduce(): void {
    const given = this.popValue()
    this.call(this.popValue(), given)
  }

  /** The state of an OrderedDict (torch's versions of modules) or of a list is not needed. */
  setState(): void {
    const state = this.popValue()
    const target = this.top()
    if (target instanceof PickleObject) target.state = state
  }

  setItems(values: readonly PickleValue[]): void {
    const top = this.top()
    const target = top instanceof PickleObject ? top.entries : top
    if (!(target instanceof PickleMap) || values.length % 2 !== 0)
      throw new PickleError('it fills something that is no dict')
    for (let i = 0; i < values.length; i += 2) target.items.set(values[i] as PickleValue, values[i + 1] as PickleValue)
  }

  append(values: readonly PickleValue[]): void {
    const target = this.top()
    // Items of subclasses of list or set are not tensors of a state dict.
    if (target instanceof PickleObject) return
    if (!isList(target)) throw new PickleError('it appends to something that is no list')
    // A list on this stack was made here, as an array of our own. One by one: a call takes only so many arguments.
    const list = target as PickleValue[]
    for (const value of values) list.push(value)
  }
}

/** Older files give an OrderedDict its pairs as an argument. */
function orderedDict([pairs]: readonly PickleValue[]): PickleMap {
  const dict = new PickleMap()
  for (const pair of pairs !== undefined && isList(pairs) ? pairs : [])
    if (isList(pair)) dict.items.set(pair[0] ?? null, pair[1] ?? null)
  return dict
}

export function isList(value: PickleValue | undefined): value is readonly PickleValue[] {
  return Array.isArray(value)
}

const operations: ReadonlyMap<number, (machine: Machine) => void> = new Map<number, (machine: Machine) => void>([
  [0x80, (m) => void m.byte()], // PROTO
  [0x95, (m) => void m.bytes(8)], // FRAME
  [0x28, (m) => m.push(new Mark())], // MARK
  [0x30, (m) => void m.pop()], // POP
  [0x31, (m) => void m.popToMark()], // POP_MARK
  [0x32, (m) => m.push(m.top())], // DUP
  [0x4e, (m) => m.push(null)], // NONE
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x49, (m) => m.push(plainInteger(m.line()))], // INT
  [0x4c, (m) => m.push(Number(m.line().replace(/L$/, '')))], // LONG
  [0x4a, (m) => m.push(m.unsigned(4) | 0)], // BININT
  [0x4b, (m) => m.push(m.byte())], // BININT1
  [0x4d, (m) => m.push(m.unsigned(2))], // BININT2
  [0x8a, (m) => m.push(m.long(m.byte()))], // LONG1
  [0x8b, (m) => m.push(m.long(m.unsigned(4)))], // LONG4
  [0x46, (m) => m.push(Number(m.line()))], // FLOAT
  [0x47, (m) => m.push(doubleOf(m.bytes(8)))], // BINFLOAT
  [0x58, (m) => m.push(m.text(m.unsigned(4)))], // BINUNICODE
  [0x8c, (m) => m.push(m.text(m.byte()))], // SHORT_BINUNICODE
  [0x8d, (m) => m.push(m.text(m.unsigned(8)))], // BINUNICODE8
  [0x56, (m) => m.push(rawUnicode(m.lineBytes()))], // UNICODE
  [0x53, (m) => m.push(unquoted(m.line()))], // STRING
  [0x54, (m) => m.push(latin(m.bytes(m.unsigned(4))))], // BINSTRING
  [0x55, (m) => m.push(latin(m.bytes(m.byte())))], // SHORT_BINSTRING
  [0x42, (m) => m.push(Uint8Array.from(m.bytes(m.unsigned(4))))], // BINBYTES
  [0x43, (m) => m.push(Uint8Array.from(m.bytes(m.byte())))], // SHORT_BINBYTES
  [0x8e, (m) => m.push(Uint8Array.from(m.bytes(m.unsigned(8))))], // BINBYTES8
  [0x96, (m) => m.push(Uint8Array.from(m.bytes(m.unsigned(8))))], // BYTEARRAY8
  [0x7d, (m) => m.push(new PickleMap())], // EMPTY_DICT
  [0x5d, (m) => m.push([])], // EMPTY_LIST
  [0x29, (m) => m.push([])], // EMPTY_TUPLE
  [0x64, (m) => dict(m)], // DICT
  [0x6c, (m) => m.push(m.popToMark())], // LIST
  [0x74, (m) => m.push(m.popToMark())], // TUPLE
  [0x85, (m) => m.push([m.popValue()])], // TUPLE1
  [0x86, (m) => tuple(m, 2)], // TUPLE2
  [0x87, (m) => tuple(m, 3)], // TUPLE3
  [0x8f, (m) => m.push(new PickleObject('set', []))], // EMPTY_SET
  [0x90, (m) => m.append(m.popToMark())], // ADDITEMS
  [0x91, (m) => m.push(new PickleObject('frozenset', m.popToMark()))], // FROZENSET
  [0x61, (m) => m.append([m.popValue()])], // APPEND
  [0x65, (m) => m.append(m.popToMark())], // APPENDS
  [0x73, (m) => m.setItems(lastTwo(m))], // SETITEM
  [0x75, (m) => m.setItems(m.popToMark())], // SETITEMS
  [0x70, (m) => m.put(Number(m.line()))], // PUT
  [0x71, (m) => m.put(m.byte())], // BINPUT
  [0x72, (m) => m.put(m.unsigned(4))], // LONG_BINPUT
  [0x94, (m) => m.memoize()], // MEMOIZE
  [0x67, (m) => m.get(Number(m.line()))], // GET
  [0x68, (m) => m.get(m.byte())], // BINGET
  [0x6a, (m) => m.get(m.unsigned(4))], // LONG_BINGET
  [0x63, (m) => m.global(m.line(), m.line())], // GLOBAL
  [0x93, (m) => stackGlobal(m)], // STACK_GLOBAL
  [0x52, (m) => m.reduce()], // REDUCE
  [0x81, (m) => m.reduce()], // NEWOBJ
  [0x92, (m) => newWithKeywords(m)], // NEWOBJ_EX
  [0x69, (m) => instance(m)], // INST
  [0x6f, (m) => object(m)], // OBJ
  [0x62, (m) => m.setState()], // BUILD
  [0x50, (m) => m.push(new PickleObject('persistent id', [m.line()]))], // PERSID
  [0x51, (m) => m.push(new PickleObject('persistent id', [m.popValue()]))], // BINPERSID
])

/** `I01` and `I00` are the old way to write true and false. */
function plainInteger(line: string): number | boolean {
  return line === '01' ? true : line === '00' ? false : Number(line)
}

function doubleOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0)
}

function latin(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

/** Python's raw-unicode-escape: Latin-1, and \\u or \\U for what it has not. */
function rawUnicode(bytes: Uint8Array): string {
  return latin(bytes).replace(/\\u([0-9a-f]{4})|\\U000([0-9a-f]{5})/gi, (_, short?: string, long?: string) =>
    String.fromCodePoint(Number.parseInt(short ?? long ?? '0', 16)),
  )
}

/** Protocol 0 writes text as a Python literal. Escapes are kept as written: the names that are looked up contain none. */
function unquoted(line: string): string {
  return line.replace(/^(['"])(.*)\1$/s, '$2')
}

/** Of the arguments by name nothing is needed. */
function newWithKeywords(machine: Machine): void {
  machine.popValue()
  machine.reduce()
}

/** Old-style classes: the name is in the instruction, or below the arguments. */
function instance(machine: Machine): void {
  machine.global(machine.line(), machine.line())
  const type = machine.popValue()
  machine.call(type, machine.popToMark())
}

function object(machine: Machine): void {
  const [type, ...given] = machine.popToMark()
  machine.call(type ?? null, given)
}

function lastTwo(machine: Machine): PickleValue[] {
  const value = machine.popValue()
  return [machine.popValue(), value]
}

function tuple(machine: Machine, count: number): void {
  const values = Array.from({ length: count }, () => machine.popValue())
  machine.push(values.reverse())
}

function dict(machine: Machine): void {
  const values = machine.popToMark()
  machine.push(new PickleMap())
  machine.setItems(values)
}

function stackGlobal(machine: Machine): void {
  const name = machine.popValue()
  const module = machine.popValue()
  if (typeof name !== 'string' || typeof module !== 'string') throw new PickleError('it names something without a name')
  machine.global(module, name)
}
