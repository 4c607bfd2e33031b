import * as z from 'zod'
import { epochAnswers, photoAnswer, refusal, type ShownAnswer } from '../state.js'

/** Requests to the studio's server. Each throws an Error with the server's message if it is refused. */

/** The predictions of an epoch for the watched images. */
export function answersAt(run: number, epoch: number): Promise<ShownAnswer[]> {
  return request(`runs/${run}/epochs/${epoch}`, epochAnswers)
}

export function predictPhoto(run: number, photo: Blob): Promise<z.infer<typeof photoAnswer>> {
  return request(`runs/${run}/photo`, photoAnswer, { method: 'POST', body: photo })
}

export async function changeTraining(run: number, action: 'stop' | 'resume'): Promise<void> {
  await request(`runs/${run}/${action}`, z.object({}), { method: 'POST' })
}

export function imageAddress(run: number, index: number): string {
  return `runs/${run}/images/${index}`
}

export async function bitmapOf(address: string): Promise<ImageBitmap> {
  const response = await fetch(address)
  if (!response.ok) throw new Error(await reasonIn(response))
  return createImageBitmap(await response.blob())
}

async function request<T>(address: string, schema: z.ZodType<T>, init?: RequestInit): Promise<T> {
  const response = await fetch(address, init)
  if (!response.ok) throw new Error(await reasonIn(response))
  return schema.parse(await response.json())
}

async function reasonIn(response: Response): Promise<string> {
  const found = refusal.safeParse(await response.json().catch(() => undefined))
  return found.data?.error ?? `the studio answered with ${response.status}`
}
