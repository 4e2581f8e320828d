// UUIDs that tell their partition.
import { expect, it } from 'vitest'
import { randomUUID } from 'node:crypto'
import { createPartitionedUuid, partitionOfUuid } from '../../src/lib/partitioned-uuid.ts'

it('are valid UUIDs of version 8, all different, and tell their partition', () => {
  const all = Array.from({ length: 256 }, (_, partition) => createPartitionedUuid(partition))
  expect(new Set(all).size).toBe(256)
  expect(all.map(partitionOfUuid)).toEqual(all.map((_, partition) => partition))
  for (const uuid of all) expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

it('are told from those of others, and from another spelling of themselves', () => {
  for (const text of ['', 'x', randomUUID(), createPartitionedUuid(1).toUpperCase(), `${createPartitionedUuid(1)} `])
    expect(partitionOfUuid(text)).toBeNull()
})
