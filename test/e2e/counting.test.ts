// The promise about counting: 1,000 guesses at once over several API processes, one of them right.
import { beforeAll, describe, expect, it } from 'vitest'
import { codeIn, startSystem, type Answer, type System } from '../support/system.ts'

/** `amount` different wrong codes of six digits. */
function wrongCodes(right: string, amount: number): string[] {
  return Array.from({ length: amount + 1 }, (_, at) => String(100_000 + at * 7))
    .filter((code) => code !== right)
    .slice(0, amount)
}

describe('1,000 checks at once', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem({ apis: 3 })
  })

  async function begin(to: string): Promise<{ path: string; code: string }> {
    const { body } = await system.call('POST', '/v1/verifications', { channel: 'sms', to })
    return { path: `/v1/verifications/${body['id']}`, code: codeIn((await system.message(to)).text) }
  }

  const checkAll = (path: string, codes: readonly string[]): Promise<Answer[]> =>
    Promise.all(codes.map((code, at) => system.call('POST', `${path}/check`, { code }, {}, system.urls[at % system.urls.length])))

  const tally = (answers: readonly Answer[]): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { status, body } of answers) {
      const word = status === 200 ? 'approved' : String(body['code'])
      counts[word] = (counts[word] ?? 0) + 1
    }
    return counts
  }

  it('approve at most once and never evaluate more than the limit', async () => {
    for (const round of [1, 2, 3, 4, 5]) {
      const { path, code } = await begin(`+1415555020${round}`)
      const codes = wrongCodes(code, 999)
      codes.splice(Math.floor(Math.random() * 1_000), 0, code)
      const counts = tally(await checkAll(path, codes))
      expect(counts['approved'] ?? 0).toBeLessThanOrEqual(1)
      expect(counts['incorrect_code'] ?? 0).toBeLessThanOrEqual(5)
      expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(1_000)
      const { body } = await system.call('GET', path)
      expect(body['status']).toBe(counts['approved'] ? 'approved' : 'max_attempts_reached')
      expect(
        Object.keys(counts).every((word) => ['approved', 'incorrect_code', 'already_approved', 'max_attempts_reached'].includes(word)),
      ).toBe(true)
    }
  })

  it('accept the right code after fewer wrong ones than the limit allows', async () => {
    const { path, code } = await begin('+14155550210')
    const wrong = tally(await checkAll(path, wrongCodes(code, 4)))
    expect(wrong).toEqual({ incorrect_code: 4 })
    expect((await system.call('POST', `${path}/check`, { code })).status).toBe(200)
  })

  it('give the same proof to repeats of the right code, and to nobody else', async () => {
    const { path, code } = await begin('+14155550211')
    const answers = await checkAll(
      path,
      Array.from({ length: 50 }, () => code),
    )
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(new Set(answers.map(({ body }) => body['proof'])).size).toBe(1)
    const stranger = await system.call('POST', `${path}/check`, { code }, { 'x-forwarded-for': '203.0.113.9' })
    expect(stranger.status).toBe(200)
    const wrong = await system.call('POST', `${path}/check`, { code: code === '000000' ? '000001' : '000000' })
    expect(wrong).toMatchObject({ status: 409, body: { code: 'already_approved' } })
  })

  it('say how many attempts are left, then 0, then that there are none', async () => {
    const { path, code } = await begin('+14155550212')
    const left: unknown[] = []
    for (const wrong of wrongCodes(code, 5)) {
      left.push((await system.call('POST', `${path}/check`, { code: wrong })).body['attemptsRemaining'])
    }
    expect(left).toEqual([4, 3, 2, 1, 0])
    expect(await system.call('POST', `${path}/check`, { code })).toMatchObject({
      status: 429,
      body: { code: 'max_attempts_reached', attemptsRemaining: 0 },
    })
  })
})
