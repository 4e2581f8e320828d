// API keys in bounded time, also in front of a Postgres that takes connections and never answers.
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { rememberKeys } from '../../src/api/api-key-cache.ts'
import { createApiKeyStore } from '../../src/stores/postgres/api-keys.ts'
import { createPool } from '../../src/stores/postgres/pool.ts'

const hash = (byte: number): Buffer => Buffer.alloc(32, byte)

test('a key is asked for once a second, a wrong one once in five, and several at once ask together', async () => {
  let nowMs = 0
  const asked: number[] = []
  const store = {
    findByHash: async (sha256: Buffer) => {
      asked.push(sha256[0] ?? 0)
      return sha256[0] === 1 ? { keyId: 'key_1', scopes: [] } : null
    },
  }
  const keys = rememberKeys(store, { nowMs: () => nowMs })
  const both = async (): Promise<unknown[]> => Promise.all([keys.findByHash(hash(1)), keys.findByHash(hash(1)), keys.findByHash(hash(2))])
  expect(await both()).toEqual([{ keyId: 'key_1', scopes: [] }, { keyId: 'key_1', scopes: [] }, null])
  nowMs = 999
  await both()
  expect(asked).toEqual([1, 2])
  nowMs = 1_000
  await both()
  expect(asked).toEqual([1, 2, 1])
  nowMs = 5_000
  await both()
  expect(asked).toEqual([1, 2, 1, 1, 2])
})

test('what was remembered is bounded', async () => {
  const asked = new Map<string, number>()
  const store = {
    findByHash: async (sha256: Buffer) => {
      const name = sha256.toString('hex')
      asked.set(name, (asked.get(name) ?? 0) + 1)
      return null
    },
  }
  const keys = rememberKeys(store, { nowMs: () => 0 })
  const numbered = (number: number): Buffer => Buffer.from(String(number).padStart(64, '0'), 'hex')
  for (let i = 0; i < 10_001; i++) await keys.findByHash(numbered(i))
  await keys.findByHash(numbered(10_000))
  await keys.findByHash(numbered(0))
  expect([asked.get(numbered(10_000).toString('hex')), asked.get(numbered(0).toString('hex'))]).toEqual([1, 2])
})

test('with a Postgres that hangs every call is service_degraded within a second, and none is remembered', async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const pool = createPool(`postgres://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/d`, () => {}, 4, 700)
  const keys = rememberKeys(createApiKeyStore(pool), { nowMs: () => Date.now() })
  try {
    for (const round of [1, 2]) {
      const startedAtMs = performance.now()
      const calls = Array.from({ length: 20 }, (_, i) =>
        keys.findByHash(hash(i)).then(
          () => 'found',
          (error: { code?: string }) => error.code,
        ),
      )
      const outcomes = await Promise.all(calls)
      // The pool gives a connection up after the same wait, so that its own error may come first; either is a 503 for the caller.
      expect({ round, found: outcomes.includes('found') }).toEqual({ round, found: false })
      expect(performance.now() - startedAtMs).toBeLessThan(1_000)
    }
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    await pool.end()
  }
})
