import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openChildLog } from '../../src/standins/child-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-log-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a line that comes after the log was closed is lost without harm, and closing twice is closing once', () => {
  const said: string[] = []
  const { line, close } = openChildLog(folder, 'redis', (text) => said.push(text))
  line('{"level":30,"msg":"calm"}')
  line('alarm')
  close()
  line('too late')
  close()
  expect(readFileSync(join(folder, 'logs', 'redis.log'), 'utf8')).toBe('{"level":30,"msg":"calm"}\nalarm\n')
  expect(said).toEqual(['redis: alarm'])
})
