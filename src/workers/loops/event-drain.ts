// Takes events out of the streams into Postgres: read, store in one transaction, acknowledge, trim. What is stored and how is the sink's and the domain's.
import type { DrainName, DrainSink, EventStreams, Outbox, StreamEvent } from '../../domain/event-ports.ts'
import { AppError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { every, type Loop } from './every.ts'

export type DrainDeps = {
  name: DrainName
  streams: EventStreams
  sink: DrainSink
  partitions: number
  log: Log
  /** What follows once events are stored; it may be cut off at any point. */
  onStored?: (events: readonly StreamEvent[]) => Promise<void>
}

const idleMs = 250
const batch = 500
const outboxBatch = 100

/** Runs in every worker; whoever has the turn in Postgres drains. */
export function startEventDrain(deps: DrainDeps): Loop {
  const report = reporter(deps.log, `drain ${deps.name}`)
  return every(
    idleMs,
    async () => {
      for (let more = true; more;) {
        more = await drainOnce(deps)
        report.fine()
      }
      for (let partition = 0; partition < deps.partitions; partition++) await deps.streams.trim(partition)
    },
    report.failed,
  )
}

/** One batch of every partition, all of it or nothing; whether there may be more. Exported for tests. */
export async function drainOnce({ name, streams, sink, partitions, onStored }: DrainDeps): Promise<boolean> {
  const taken = new Map<number, StreamEvent[]>()
  const stored = await sink.store(async () => {
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    await Promise.all(all.map(async (partition) => taken.set(partition, await streams.take(partition, name, batch))))
    return all.flatMap((partition) => taken.get(partition) ?? [])
  })
  if (stored === null) return false
  // From here on they are safe: an acknowledgement that gets lost only has them taken, and found stored, once more.
  await Promise.all(
    [...taken].map(([partition, events]) =>
      streams.acknowledge(
        partition,
        name,
        events.map(({ position }) => position),
      ),
    ),
  )
  const events = [...taken.values()].flat()
  if (events.length > 0) await onStored?.(events)
  return [...taken.values()].some(({ length }) => length === batch)
}

/** Moves events that happened in Postgres into the streams: written first, removed after, so that a crash between repeats one and loses none. */
export function startOutbox({ outbox, streams, log }: { outbox: Outbox; streams: EventStreams; log: Log }): Loop {
  const report = reporter(log, 'event outbox')
  return every(
    idleMs,
    async () => {
      await forwardOutbox({ outbox, streams })
      report.fine()
    },
    report.failed,
  )
}

/** One batch. Exported for tests. */
export async function forwardOutbox({ outbox, streams }: { outbox: Outbox; streams: EventStreams }): Promise<number> {
  const waiting = await outbox.waiting(outboxBatch)
  for (const event of waiting) await streams.append(event)
  if (waiting.length > 0) await outbox.remove(waiting.map(({ id }) => id))
  return waiting.length
}

/** That a part is away is told once, and once more when it is back. */
function reporter(log: Log, loop: string): { failed: (error: unknown) => void; fine: () => void } {
  let isAway = false
  return {
    failed: (error) => {
      const seemsAway = error instanceof AppError && error.code === 'service_degraded'
      if (!seemsAway || !isAway) log.warn({ err: seemsAway ? error.cause : error, loop }, 'events wait')
      isAway = seemsAway
    },
    fine: () => {
      if (isAway) log.info({ loop }, 'events flow again')
      isAway = false
    },
  }
}
