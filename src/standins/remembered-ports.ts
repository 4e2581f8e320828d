// The loopback ports of the embedded parts, kept in DATA_DIR so that their addresses stay the same from one start to the next.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort, isPortFree } from '../lib/ports.ts'

export const embeddedParts = ['redis', 'postgres', 'mail', 'twilio', 'outbox'] as const
export type EmbeddedPart = (typeof embeddedParts)[number]

/** The port that each part had last time, or another where that one is taken or there was none. */
export async function choosePorts(dataDir: string): Promise<Record<EmbeddedPart, number>> {
  const file = join(dataDir, 'ports.json')
  const remembered = readPorts(file)
  const ports: Partial<Record<EmbeddedPart, number>> = {}
  for (const part of embeddedParts) {
    const last = remembered[part]
    const isUsable = last !== undefined && !Object.values(ports).includes(last) && (await isPortFree(last, '127.0.0.1'))
    ports[part] = isUsable ? last : await findFreePort()
  }
  writeFileSync(file, `${JSON.stringify(ports)}\n`, { mode: 0o600 })
  return ports as Record<EmbeddedPart, number>
}

/** What cannot be read is forgotten: another port does as well. */
function readPorts(file: string): Partial<Record<EmbeddedPart, number>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<EmbeddedPart, number>>
  } catch {
    return {}
  }
}
