import { elementAt, present } from '../../grammar/present.js'
import { namedAnswers } from '../graph/answers.js'
import { type Frame, sameValue, shapeText, typeOf, type ValueRef } from '../graph/graph.js'
import { operationNamed } from '../ops/index.js'
import { type Identifier, Names } from './identifiers.js'
import type { Structure } from './structure.js'

/** One unit of generated code for all calls of a block with the same structure. */
export interface CallPlan {
  readonly key: string
  readonly frames: readonly Frame[]
  /** The first of the calls; the others are like it. */
  readonly frame: Frame
  /** Its outputs: places in the frame (see Structure.standing) and the names under which they are returned. */
  readonly outputs: readonly { readonly place: string; readonly name: string }[]
  /** A single output that is returned as it is. */
  readonly single: boolean
}

/** Determines which calls share one unit of code, its outputs, and the names of its values. Inner calls come first. */
export class Plans {
  private readonly groups = new Map<string, Frame[]>()
  private readonly plans = new Map<string, CallPlan>()

  constructor(
    readonly structure: Structure,
    private readonly identifier: Identifier,
  ) {
    this.collect(structure.frame(0))
    for (const [key, frames] of this.groups) this.plans.set(key, this.plan(key, frames))
  }

  all(): readonly CallPlan[] {
    return [...this.plans.values()]
  }

  of(frame: Frame): CallPlan {
    return present(this.plans.get(this.structure.key(frame)), 'the plan of a call')
  }

  /** The name of a value made in the frame or in a call in it. */
  localName(place: string, frame: Frame): string {
    const value = this.structure.at(place, frame)
    const child = this.structure.childOf(value, frame)
    if (!child || child.id === frame.id) {
      const node = this.structure.node(value.node)
      const output = operationNamed(node.operation).outputs?.[value.output]
      return this.identifier([...(node.local ?? node.path.slice(frame.path.length)), ...(output ? [output] : [])])
    }
    const local = child.local ?? child.path.slice(frame.path.length)
    if (child.result && sameValue(child.result, value)) return this.identifier(local)
    return this.identifier([...local, this.localName(this.structure.standing(value, child), child)])
  }

  /** The name of a value that comes into a frame: the definition's own, or as the model's own code would call it. */
  inputName(value: ValueRef, frame: Frame): string {
    const declared = frame.inputs.find((input) => sameValue(input.value, value))
    if (declared) return declared.name
    const root = this.structure.frame(0)
    const node = this.structure.node(value.node)
    return this.structure.isInput(node)
      ? this.identifier(node.path)
      : this.localName(this.structure.standing(value, root), root)
  }

  /** How many times the value is used in the code of its frame; `plan` is undefined in the model's own. */
  uses(value: ValueRef, frame: Frame, plan: CallPlan | undefined): number {
    const inputs = this.structure
      .items(frame)
      .flatMap((item) =>
        'node' in item ? item.node.inputs.map((input) => input.value) : this.structure.inputs(item.frame),
      )
    const leaves = plan ? this.returned(value, plan) : 2 * Number(this.isAnswer(value))
    return inputs.filter((input) => sameValue(input, value)).length + leaves
  }

  /** The tensor's shape if it is the same in every call; otherwise empty. */
  shape(value: ValueRef, frame: Frame, plan: CallPlan | undefined): string {
    const place = this.structure.standing(value, frame)
    const shapes = new Set(
      (plan?.frames ?? [frame]).map((other) =>
        shapeText(typeOf(this.structure.graph, this.structure.at(place, other))),
      ),
    )
    const [shape] = shapes
    return shapes.size === 1 && shape !== undefined && shape !== 'one number' ? shape : ''
  }

  /** Calls by structure. */
  private collect(frame: Frame): void {
    for (const item of this.structure.items(frame)) {
      if ('node' in item) continue
      this.collect(item.frame)
      const key = this.structure.key(item.frame)
      this.groups.set(key, [...(this.groups.get(key) ?? []), item.frame])
    }
  }

  private plan(key: string, frames: readonly Frame[]): CallPlan {
    const frame = elementAt(frames, 0)
    const places = [
      ...new Set(
        frames.flatMap((one) => this.structure.outputs(one).map((value) => this.structure.standing(value, one))),
      ),
    ]
    const result =
      frame.result && this.structure.inside(frame.result, frame)
        ? this.structure.standing(frame.result, frame)
        : undefined
    const names = new Names(this.identifier)
    const outputs = places.map((place) => ({
      place,
      name: place === result ? names.give(['value']) : names.give([this.localName(place, frame)]),
    }))
    const single = outputs.length === 1 && outputs[0]?.place === result
    return { key, frames, frame, outputs, single }
  }

  /** How many times the code returns the value: if any of the calls that it serves needs it outside. */
  private returned(value: ValueRef, plan: CallPlan): number {
    const place = this.structure.standing(value, plan.frame)
    return plan.outputs.filter((output) => output.place === place).length
  }

  /** Answers and losses of the model keep a name. */
  private isAnswer(value: ValueRef): boolean {
    const { graph } = this.structure
    return [...namedAnswers(graph), ...graph.losses].some((item) => sameValue(item.value, value))
  }
}
