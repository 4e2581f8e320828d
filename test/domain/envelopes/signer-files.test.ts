// What a signer reads: pages and file, for a browser that was identified only, and for as long as it is the signer's business.
import { buffer } from 'node:stream/consumers'
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { signerDocument, signerPageImage } from '../../../src/domain/envelopes/signer-files.ts'
import { refusal } from '../../support/domain.ts'
import { createTestEnvelopes, type TestEnvelopes, type TestSigner } from '../../support/envelopes.ts'

let kit: TestEnvelopes
beforeAll(async () => {
  kit = await createTestEnvelopes()
})

const page = ({ token, cookie }: TestSigner, number: number) => signerPageImage(kit.deps, token, cookie, number)
const file = ({ token, cookie }: TestSigner) => signerDocument(kit.deps, token, cookie)
const code = async (work: Promise<unknown>): Promise<string> => (await refusal(work)).code

describe('pages and file', () => {
  it('are not for a browser that was not identified, nor for another signer’s', async () => {
    const { id } = await kit.ready()
    const [one, two] = [kit.signer(id, 1), kit.signer(id, 2)]
    await two.identify()
    await two.confirm()
    for (const cookie of [undefined, two.cookie]) {
      one.cookie = cookie
      expect([await code(page(one, 1)), await code(file(one))]).toEqual(['step_not_open', 'step_not_open'])
    }
    one.token = 'x'.repeat(75)
    expect([await code(page(one, 1)), await code(file(one))]).toEqual(['token_invalid', 'token_invalid'])
  })

  it('are there from the identification on, also after the signature, and are what was sent', async () => {
    const record = await kit.ready()
    const signer = kit.signer(record.id, 1)
    await signer.identify()
    await signer.confirm()
    expect(String(await page(signer, 2))).toBe('page 2')
    expect(await code(page(signer, 3))).toBe('not_found')
    const sent = await file(signer)
    expect(sent).toMatchObject({
      bytes: record.documentBytes,
      sha256: record.documentSha256,
      filename: 'Lease of House 7.pdf',
      isSealed: false,
    })
    expect(
      createHash('sha256')
        .update(await buffer(sent.content))
        .digest('hex'),
    ).toBe(record.documentSha256)
    await signer.review()
    await signer.consent()
    await signer.sign()
    expect(String(await page(signer, 1))).toBe('page 1')
    ;(await file(signer)).content.destroy()
  })

  it('are gone once somebody has declined', async () => {
    const { id } = await kit.ready()
    const [one, two] = [kit.signer(id, 1), kit.signer(id, 2)]
    for (const signer of [one, two]) {
      await signer.identify()
      await signer.confirm()
    }
    await one.decline()
    for (const signer of [one, two]) expect([await code(page(signer, 1)), await code(file(signer))]).toEqual(['not_found', 'not_found'])
  })
})

describe('a whole envelope', () => {
  it.for([
    ['where an id alone opens no verification', { policy: { isPublic: false } }],
    ['over two partitions', { partitions: 2 }],
  ] as const)('is signed %s', async ([, options]) => {
    const other = await createTestEnvelopes(options)
    const { id } = await other.ready({ order: 'sequential' })
    await other.signer(id, 1).all()
    await other.signer(id, 2).all()
    expect((await other.read(id)).status).toBe('sealing')
    const { rows } = await other.pool.query<{ partition: number }>('select distinct partition from event_outbox where subject = $1', [id])
    expect(rows).toHaveLength(1)
  })
})
