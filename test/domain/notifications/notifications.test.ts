// Notifications: whose they are, what is counted, what becomes a digest and what does not.
import { beforeEach, describe, expect, it } from 'vitest'
import { notificationKinds } from '../../../src/contracts/notification.ts'
import type { Caller } from '../../../src/domain/caller.ts'
import { oweDigests } from '../../../src/domain/notifications/digest.ts'
import { notificationFor } from '../../../src/domain/notifications/make.ts'
import { listNotifications, readAllNotifications, readNotification } from '../../../src/domain/notifications/read.ts'
import { notificationWords } from '../../../src/domain/notifications/words.ts'
import { Keyring } from '../../../src/lib/keyring.ts'
import { createNotificationStore, keepNotification } from '../../../src/stores/postgres/notifications.ts'
import { refusal } from '../../support/domain.ts'
import { createNoticeDomain, putOff } from '../../support/notices.ts'

const domain = await createNoticeDomain()
const { deps, clock } = domain
const signal = new AbortController().signal
const trace = { requestId: 'r2', actor: 'print' }
const all = { first: 100, isUnreadOnly: false }
let drawn = 0
const newUser = (more: object = {}): Caller & { kind: 'user' } => ({ kind: 'user', subject: `user-${drawn++}`, roles: [], ...more })
const audience = (user: { subject: string }) => ({ audience: { callerKey: `user:${user.subject}` } })
const list = (caller: Caller, more = {}) => listNotifications(deps, caller, { ...all, ...more })
const digestsOf = async (email: string) => domain.standins.outbox.list(email)

async function owedDigest(): Promise<string> {
  const { rows } = await domain.pool.query<{ id: string }>(`select id from notices where kind = 'digest' and status = 'scheduled'`)
  expect(rows).toHaveLength(1)
  return rows[0]?.id ?? ''
}

describe('notifications', () => {
  it('are listed newest first, with a count of what is unread, page by page', async () => {
    const user = newUser()
    for (let at = 0; at < 5; at++) {
      await domain.notify({ ...audience(user), title: `Number ${at}` })
      clock.advance(1)
    }
    const page = await list(user, { first: 2 })
    expect(page.nodes.map(({ title }) => title)).toEqual(['Number 4', 'Number 3'])
    expect(page).toMatchObject({ totalCount: 5, unreadCount: 5, pageInfo: { hasNextPage: true } })
    const rest = await list(user, { first: 10, after: page.pageInfo.endCursor })
    expect(rest.nodes.map(({ title }) => title)).toEqual(['Number 2', 'Number 1', 'Number 0'])
    const other = newUser()
    expect(await refusal(list(other, { after: page.pageInfo.endCursor }))).toMatchObject({ code: 'invalid_request' })
  })

  it('are the user’s, the key’s and the verified address’s own, and nobody else’s', async () => {
    const user = newUser({ email: 'Alice-1@Example.com' })
    const mine = await domain.notify(audience(user))
    const mailed = await domain.notify({ audience: { email: 'alice-1@example.com' } })
    const keys = await domain.notify({ audience: { callerKey: 'key:key_1' } })
    expect((await list(user)).nodes.map(({ id }) => id).toSorted()).toEqual([mine, mailed].toSorted())
    expect((await list({ kind: 'api-key', keyId: 'key_1', scopes: [] })).nodes.map(({ id }) => id)).toEqual([keys])
    const stranger = newUser({ roles: ['admin'] })
    expect(await list(stranger)).toMatchObject({ nodes: [], totalCount: 0, unreadCount: 0 })
    expect(await refusal(readNotification(deps, stranger, mine, trace))).toMatchObject({ code: 'not_found' })
    expect((await list(user)).unreadCount).toBe(2)
  })

  it('are read once, and say so in one event', async () => {
    const user = newUser()
    const id = await domain.notify(audience(user))
    const first = await readNotification(deps, user, id, trace)
    clock.advance(5)
    expect(first.readAt).not.toBeNull()
    expect(await readNotification(deps, user, id, trace)).toEqual(first)
    expect(await list(user)).toMatchObject({ totalCount: 1, unreadCount: 0 })
    expect(await list(user, { isUnreadOnly: true })).toMatchObject({ nodes: [], totalCount: 0, unreadCount: 0 })
    expect((await domain.events(`notification:${id}`)).map(({ type }) => type)).toEqual(['notification.created', 'notification.read'])
  })

  it('are counted exactly while many are made and read at once', async () => {
    const user = newUser()
    const ids = await Promise.all(Array.from({ length: 40 }, () => domain.notify(audience(user))))
    const reads = ids.slice(0, 25).flatMap((id) => [id, id])
    await Promise.all([
      ...reads.map((id) => readNotification(deps, user, id, trace)),
      ...Array.from({ length: 10 }, () => domain.notify(audience(user))),
    ])
    expect(await list(user)).toMatchObject({ totalCount: 50, unreadCount: 25 })
    const marks = await Promise.all(Array.from({ length: 5 }, () => readAllNotifications(deps, user, trace)))
    expect(marks.reduce((sum, { marked }) => sum + marked, 0)).toBe(25)
    expect(await list(user)).toMatchObject({ totalCount: 50, unreadCount: 0 })
  })

  it('are found after the keys were turned, and show no words once their key is gone', async () => {
    const old = `k1:${Buffer.alloc(32, 1).toString('base64')}`
    const turned = { ...deps, keyring: Keyring.parse(`k2:${Buffer.alloc(32, 2).toString('base64')},${old}`) }
    const before = { ...deps, keyring: Keyring.parse(old) }
    const user = newUser()
    const order = {
      kind: 'check_final',
      subject: 'chk_x',
      title: 'T',
      text: 'x',
      isMailed: false,
      nowMs: clock.nowMs(),
      requestId: 'r',
      partition: 0,
    } as const
    await keepNotification(domain.pool, notificationFor(before.keyring, { ...audience(user), ...order }))
    expect((await listNotifications(turned, user, all)).nodes[0]?.title).toBe('T')
  })

  it('have words in five languages for every kind, and English for the rest', () => {
    for (const kind of notificationKinds)
      for (const locale of ['en', 'de-CH', 'fr', 'pt-BR', 'af', 'xx', '__proto__']) {
        const named = notificationWords(kind, locale, { title: 'T {name}', name: 'N', verdict: 'V' })
        const nameless = notificationWords(kind, locale, { title: 'T', verdict: 'V' })
        expect(`${named.title}${named.text}`).toContain('T {name}')
        expect(`${nameless.title}${nameless.text}`).not.toMatch(/[{}]|undefined/)
      }
    expect(notificationWords('signer_signed', 'xx', { title: 'T', name: 'N' })).toEqual({ title: 'Signed: T', text: 'N has signed “T”.' })
  })
})

describe('a digest', () => {
  // What other tests left unread is none of these tests' business.
  beforeEach(() => domain.pool.query('delete from notifications'))

  it('is owed once for what was not seen in time, by two workers at once, and lists it', async () => {
    const user = newUser()
    const email = `digest-${drawn++}@example.com`
    for (let at = 0; at < 12; at++) {
      await domain.notify({ ...audience(user), title: `Title ${at}`, mailTo: { email, name: 'Ada', locale: 'de' } })
      clock.advance(1)
    }
    expect(await oweDigests(deps, signal)).toBe(0)
    clock.advance(deps.digestAfterMs)
    const owed = await Promise.all(
      Array.from({ length: 4 }, () => oweDigests({ ...deps, notifications: createNotificationStore(domain.pool) }, signal)),
    )
    expect(owed.filter((count) => count > 0)).toEqual([1])
    const id = await owedDigest()
    expect(domain.queued.at(-1)).toEqual({ job: { name: 'notice.send', payload: { noticeId: id } }, delayMs: 0 })
    expect((await domain.run(id)).outcome).toBe('sent')
    const [mail] = await digestsOf(email)
    expect(mail?.subject).toBe('Neue Benachrichtigungen: 12')
    expect(mail?.text).toContain('• Title 11\n• Title 10')
    expect(mail?.text).not.toContain('Title 1\n')
    expect(mail?.text).toContain('Und außer diesen noch: 2')
    clock.advance(deps.digestAfterMs)
    expect(await oweDigests(deps, signal)).toBe(0)
    expect((await list(user)).unreadCount).toBe(12)
  })

  it('is not owed for what was read, mailed, or has no address', async () => {
    const user = newUser()
    await readNotification(deps, user, await domain.notify(audience(user)), trace)
    await domain.notify({ ...audience(newUser()), isMailed: true })
    await domain.pool.query('update notifications set mail_to = null where id = $1', [await domain.notify(audience(newUser()))])
    clock.advance(deps.digestAfterMs)
    expect(await oweDigests(deps, signal)).toBe(0)
  })

  it('is not sent when everything was read before it left', async () => {
    const user = newUser()
    const email = `digest-${drawn++}@example.com`
    await domain.notify({ ...audience(user), mailTo: { email, locale: 'en' } })
    clock.advance(deps.digestAfterMs)
    expect(await oweDigests(deps, signal)).toBe(1)
    const id = await owedDigest()
    await readAllNotifications(deps, user, trace)
    expect((await domain.run(id)).outcome).toBe('skipped')
    expect(await domain.read(id)).toMatchObject({ reason: 'all_read' })
    expect(await digestsOf(email)).toEqual([])
  })

  it('tells only of what is still unread when it leaves, and of newer ones in the same mail', async () => {
    const user = newUser()
    const mailTo = { email: `digest-${drawn++}@example.com`, locale: 'en' }
    const read = await domain.notify({ ...audience(user), mailTo, title: 'Old and read' })
    await domain.notify({ ...audience(user), mailTo, title: 'Old' })
    clock.advance(deps.digestAfterMs)
    await domain.notify({ ...audience(user), mailTo, title: 'New' })
    expect(await oweDigests(deps, signal)).toBe(1)
    await readNotification(deps, user, read, trace)
    const id = await owedDigest()
    await domain.run(id)
    const [mail] = await digestsOf(mailTo.email)
    expect(mail?.subject).toBe('New notifications: 2')
    expect(mail?.text).toContain('• New\n• Old\n')
    clock.advance(deps.digestAfterMs)
    expect(await oweDigests(deps, signal)).toBe(0)
  })

  it('waits while the server does not take it', async () => {
    const user = newUser()
    const mailTo = { email: `digest-${drawn++}@example.com`, locale: 'en' }
    await domain.notify({ ...audience(user), mailTo })
    clock.advance(deps.digestAfterMs)
    await oweDigests(deps, signal)
    const id = await owedDigest()
    domain.standins.mail.setMode({ kind: 'refuse', code: 451, times: 1 })
    await putOff(domain.run(id, 1))
    expect((await domain.run(id, 2)).outcome).toBe('sent')
    expect(await digestsOf(mailTo.email)).toHaveLength(1)
  })

  it('and its notifications are forgotten when they are old', async () => {
    const user = newUser()
    await domain.notify(audience(user))
    clock.advance(181 * 24 * 3_600_000)
    await oweDigests(deps, signal)
    expect(await list(user)).toMatchObject({ totalCount: 0 })
  })
})

it('no title, text, name or address stands in clear in any table', async () => {
  const user = newUser({ subject: 'needle-subject' })
  const mailTo = { email: 'needle-mail@example.com', name: 'Needle Name', locale: 'en' }
  await domain.notify({ ...audience(user), mailTo, title: 'Needle title', text: 'Needle text' })
  await domain.notify({ audience: { email: 'needle-mail@example.com' } })
  const envelope = await domain.envelope({}, { title: 'Needle title', message: 'Needle text' })
  await domain.owe('signature_request', envelope, 1, { to: mailTo })
  const sent = await domain.owe('signature_request', envelope, 2, { to: mailTo })
  await domain.run(sent)
  for (const table of ['notices', 'notifications', 'event_outbox', 'envelopes']) {
    const { rows } = await domain.pool.query<{ row: string }>(`select t::text as row from ${table} t`)
    expect(rows.map(({ row }) => row).join('\n')).not.toMatch(/needle|user:|token|\/s\//i)
  }
})
