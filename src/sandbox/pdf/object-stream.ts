// Objects that live in object streams (ISO 32000-2, 7.5.7): decoded once, parsed one by one on demand.
import type { Budget } from './budget.ts'
import { skipWhiteSpace } from './characters.ts'
import { decodeStream } from './filters.ts'
import type { IndirectObject } from './indirect-object.ts'
import type { Input } from './value-parser.ts'
import { parseValue, PdfSyntaxError, readDigits } from './value-parser.ts'
import type { PdfStream, PdfValue } from './values.ts'
import { integerOf, isKind, nameOf } from './values.ts'

type Container = { data: Buffer; places: { num: number; at: number }[]; parsed: Map<number, IndirectObject | undefined> }
/** By where the stream's data begins and how long it is: the same bytes are the same container in every revision. */
export type ContainerCache = Map<string, Container | undefined>

/** What is asked of the snapshot that the stream belongs to. */
export type ObjectSource = {
  readonly file: { readonly budget: Budget; readonly leniencies: Set<string>; readonly containers: ContainerCache }
  entry(num: number): { readonly type: string } | undefined
  object(num: number): IndirectObject | undefined
  resolve(value: PdfValue | undefined): PdfValue | undefined
}

/** The object `num` that the cross-reference says is number `index` of the stream; undefined if it is not there. */
export function readContained(snapshot: ObjectSource, containerNum: number, index: number, num: number): IndirectObject | undefined {
  if (snapshot.entry(containerNum)?.type !== 'offset') return undefined
  const stream = snapshot.object(containerNum)?.value
  if (!isKind(stream, 'stream') || nameOf(stream.dict.entries.get('Type')) !== 'ObjStm') return undefined
  const container = openContainer(snapshot, stream)
  if (container === undefined) return undefined
  if (container.places[index]?.num !== num) return undefined
  if (!container.parsed.has(index)) container.parsed.set(index, parsePlace(snapshot, container, index))
  return container.parsed.get(index)
}

function openContainer(snapshot: ObjectSource, stream: PdfStream): Container | undefined {
  const cache = snapshot.file.containers
  const key = `${stream.dataStart}:${stream.data.length}`
  if (!cache.has(key)) cache.set(key, readContainer(snapshot, stream))
  return cache.get(key)
}

function readContainer(snapshot: ObjectSource, stream: PdfStream): Container | undefined {
  const data = decodeStream(stream, snapshot.file.budget)
  const count = integerOf(snapshot.resolve(stream.dict.entries.get('N')))
  const first = integerOf(snapshot.resolve(stream.dict.entries.get('First')))
  if (data === undefined || count === undefined || first === undefined || count < 0 || first < 0 || first > data.length) {
    snapshot.file.leniencies.add('unreadable_object_stream')
    return undefined
  }
  const input = inputOf(snapshot, data, first)
  const places: Container['places'] = []
  try {
    let at = 0
    for (let index = 0; index < count; index++) {
      snapshot.file.budget.spend('maxTokens', 1)
      const num = readDigits(input, skipWhiteSpace(data, at, first))
      const offset = readDigits(input, skipWhiteSpace(data, num.next, first))
      places.push({ num: num.value, at: first + offset.value })
      at = offset.next
    }
  } catch (error) {
    if (!(error instanceof PdfSyntaxError)) throw error
    snapshot.file.leniencies.add('short_object_stream')
  }
  return { data, places, parsed: new Map() }
}

function parsePlace(snapshot: ObjectSource, container: Container, index: number): IndirectObject | undefined {
  const place = container.places[index]
  if (place === undefined || place.at >= container.data.length) return undefined
  try {
    const { value } = parseValue(inputOf(snapshot, container.data, container.data.length), place.at)
    return { num: place.num, gen: 0, value, start: -1, end: -1, leansOnLength: false }
  } catch (error) {
    if (!(error instanceof PdfSyntaxError)) throw error
    snapshot.file.budget.spend('maxFailures', 1)
    snapshot.file.leniencies.add('damaged_object')
    return undefined
  }
}

function inputOf(snapshot: ObjectSource, data: Buffer, end: number): Input {
  return { data, end, placed: false, budget: snapshot.file.budget, leniencies: snapshot.file.leniencies }
}
