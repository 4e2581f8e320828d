// The SMTP provider against servers that take mail, refuse it, stall and hang up: what each means for the message.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import type { MailProvider } from '../../../src/domain/ports.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { createSmtpMail } from '../../../src/providers/mail/smtp.ts'

const message = {
  to: 'ada@example.com',
  subject: 'Ihr Code für Acme',
  text: 'Grüße: 123456\n',
  html: '<p>Grüße: <b>123456</b></p>',
  messageId: '<ver_1.1@example.com>',
  locale: 'de',
}
const never = new AbortController().signal

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()))
})

function provider(url: string, from = 'Acme <no-reply@acme.example>'): MailProvider {
  const mail = createSmtpMail({ url: new Secret(url), from })
  cleanUps.push(() => mail.close())
  return mail
}

type Taken = { from: string; to: string[]; raw: Buffer }

async function listen(options: SMTPServerOptions = {}): Promise<{ port: number; taken: Taken[]; connections: () => number }> {
  const taken: Taken[] = []
  let connections = 0
  const server = new SMTPServer({
    hideSTARTTLS: true,
    authOptional: true,
    closeTimeout: 50,
    onConnect: (_, done) => {
      connections += 1
      done()
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        taken.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks) })
        done()
      })
    },
    ...options,
  })
  // A client that hangs up on a certificate is an error of the server's; here it is the point.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUps.push(() => new Promise<void>((resolve) => server.close(resolve)))
  return { port: (server.server.address() as AddressInfo).port, taken, connections: () => connections }
}

function refusal(code: number): Error {
  return Object.assign(new Error('no'), { responseCode: code })
}

/** A server by the letter: `answer` gets each line of the client, and says what happens. */
async function listenRaw(answer: (line: string, socket: Socket) => void, greeting = '220 raw ESMTP\r\n'): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write(greeting)
    let rest = ''
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) answer(line, socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** Takes a mail as far as `until`, then does `instead`. Body lines are swallowed. */
function upTo(until: 'MAIL' | 'RCPT' | 'DATA' | '.', instead: (socket: Socket) => void): (line: string, socket: Socket) => void {
  let isBody = false
  return (line, socket) => {
    const verb = line === '.' ? '.' : line.slice(0, 4).toUpperCase()
    if (isBody && verb !== '.') return
    if (verb === until) instead(socket)
    else if (verb === 'DATA') {
      isBody = true
      socket.write('354 go on\r\n')
    } else if (verb === '.') {
      isBody = false
      socket.write('250 taken\r\n')
    } else socket.write('250 fine\r\n')
  }
}

describe('a mail that is taken', () => {
  test('goes to exactly the one address, with both parts, its own Message-ID and nothing that tracks', async () => {
    const { port, taken } = await listen()
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toEqual({ kind: 'accepted', reference: message.messageId })
    expect(taken).toHaveLength(1)
    expect(taken[0]).toMatchObject({ from: 'no-reply@acme.example', to: ['ada@example.com'] })
    const mail = await PostalMime.parse(taken[0]?.raw ?? '')
    expect(mail).toMatchObject({
      subject: message.subject,
      messageId: message.messageId,
      from: { name: 'Acme', address: 'no-reply@acme.example' },
    })
    expect([mail.text?.trim(), mail.html?.trim()]).toEqual([message.text.trim(), message.html])
    const headers = Object.fromEntries(mail.headers.map(({ key, value }) => [key, value]))
    expect(headers).toMatchObject({ 'auto-submitted': 'auto-generated', 'content-language': 'de', to: 'ada@example.com' })
    const expected = ['auto-submitted', 'content-language', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to']
    expect(Object.keys(headers).sort()).toEqual(expected)
  })

  test.each(["o'neil@example.com", 'a{b}=c|d@example.com', 'x/y?z@example.com', 'a`b^c@example.com', '#$&*+~@example.com'])(
    'goes to %s as it is written',
    async (to) => {
      const { port, taken } = await listen()
      expect(await provider(`smtp://127.0.0.1:${port}`).send({ ...message, to }, never)).toMatchObject({ kind: 'accepted' })
      expect(taken[0]?.to).toEqual([to])
      expect((await PostalMime.parse(taken[0]?.raw ?? '')).to).toEqual([{ name: '', address: to }])
    },
  )

  test('goes to a domain in punycode, since not every server on the way knows another spelling', async () => {
    const said: string[] = []
    const take = upTo('.', (socket) => socket.write('250 taken\r\n'))
    const port = await listenRaw((line, socket) => {
      said.push(line)
      take(line, socket)
    })
    await provider(`smtp://127.0.0.1:${port}`).send({ ...message, to: 'ada@xn--mnchen-3ya.de' }, never)
    expect(said).toContain('RCPT TO:<ada@xn--mnchen-3ya.de>')
  })

  test('never goes to somebody that an address names on the side', async () => {
    const { port, taken } = await listen()
    const mail = provider(`smtp://127.0.0.1:${port}`)
    for (const to of [
      '"eve@evil.example" <ada@example.com>',
      'ada@example.com, eve@evil.example',
      'ada@example.com\r\nRCPT TO:<eve@evil.example>',
      'x:eve@evil.example;',
    ]) {
      await mail.send({ ...message, to }, never)
    }
    expect(taken.flatMap(({ to }) => to)).not.toContain('eve@evil.example')
  })

  test('shares at most five connections with others', async () => {
    const { port, taken, connections } = await listen()
    const mail = provider(`smtp://127.0.0.1:${port}`, 'no-reply@acme.example')
    const deliveries = await Promise.all(
      Array.from({ length: 60 }, (_, n) => mail.send({ ...message, messageId: `<${n}@example.com>` }, never)),
    )
    expect(deliveries.every(({ kind }) => kind === 'accepted')).toBe(true)
    expect(taken).toHaveLength(60)
    expect(connections()).toBeLessThanOrEqual(5)
  })
})

describe('a mail that is refused', () => {
  test.each([
    [
      'by the recipient for good',
      { onRcptTo: (_: unknown, __: unknown, done: (error: Error) => void) => done(refusal(550)) },
      'permanent',
      'smtp_550',
    ],
    [
      'by the recipient for now',
      { onRcptTo: (_: unknown, __: unknown, done: (error: Error) => void) => done(refusal(450)) },
      'transient',
      'smtp_450',
    ],
    [
      'for its sender',
      { onMailFrom: (_: unknown, __: unknown, done: (error: Error) => void) => done(refusal(553)) },
      'transient',
      'smtp_553',
    ],
  ] as [string, SMTPServerOptions, string, string][])('%s is %s', async (_, options, kind, reason) => {
    const { port } = await listen(options)
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toEqual({ kind, reason })
  })

  test.each([
    ['after its body for good', 554, 'permanent'],
    ['after its body for now', 451, 'transient'],
    ['after its body, the server going down', 421, 'transient'],
  ])('%s is told apart', async (_, code, kind) => {
    const port = await listenRaw(upTo('.', (socket) => socket.end(`${code} no\r\n`)))
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toEqual({ kind, reason: `smtp_${code}` })
  })

  test.each(['421 too busy\r\n', '554 no service here\r\n'])('by the greeting %j may be tried again', async (greeting) => {
    const port = await listenRaw(() => undefined, greeting)
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toMatchObject({ kind: 'transient' })
  })

  test('for a wrong password may be tried again, since an operator can mend it', async () => {
    const { port } = await listen({ authOptional: false, allowInsecureAuth: true, onAuth: (_, __, done) => done(new Error('wrong')) })
    expect(await provider(`smtp://user:wrong@127.0.0.1:${port}`).send(message, never)).toEqual({ kind: 'transient', reason: 'smtp_535' })
  })
})

describe('a mail whose connection fails', () => {
  test('was surely not sent where nobody listens', async () => {
    const port = await listenRaw(() => undefined)
    await cleanUps.splice(0)[0]?.()
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toMatchObject({ kind: 'transient' })
  })

  test.each(['MAIL', 'RCPT', 'DATA'] as const)('at %s was surely not sent', async (stage) => {
    const port = await listenRaw(upTo(stage, (socket) => socket.resetAndDestroy()))
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toEqual({ kind: 'transient', reason: 'smtp_connection' })
  })

  test('after its body may have been sent, and is not sent again', async () => {
    let bodies = 0
    const port = await listenRaw(
      upTo('.', (socket) => {
        bodies += 1
        socket.resetAndDestroy()
      }),
    )
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toEqual({ kind: 'unknown', reason: 'smtp_connection' })
    expect(bodies).toBe(1)
  })

  test('on a kept connection that the server has dropped was surely not sent', async () => {
    let mails = 0
    const port = await listenRaw((line, socket) => {
      if (line.startsWith('MAIL') && (mails += 1) === 2) socket.resetAndDestroy()
      else taken(line, socket)
    })
    const taken = upTo('.', (socket) => socket.write('250 taken\r\n'))
    const mail = provider(`smtp://127.0.0.1:${port}`)
    expect(await mail.send(message, never)).toMatchObject({ kind: 'accepted' })
    expect(await mail.send(message, never)).toMatchObject({ kind: 'transient' })
  })
})

describe('a mail that takes too long', () => {
  test.each([
    ['RCPT', 'transient'],
    ['.', 'unknown'],
  ] as const)('at %j is %s as soon as the worker gives up', async (stage, kind) => {
    const worker = new AbortController()
    const port = await listenRaw(upTo(stage, () => worker.abort()))
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, worker.signal)).toEqual({ kind, reason: 'smtp_timeout' })
  })

  test('to greet is over in three seconds', async () => {
    const port = await listenRaw(() => undefined, '')
    const startedAtMs = Date.now()
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toEqual({ kind: 'transient', reason: 'smtp_timeout' })
    expect(Date.now() - startedAtMs).toBeLessThan(4_500)
  })

  test('is over in ten seconds, even for a server that keeps talking', async () => {
    const timers: NodeJS.Timeout[] = []
    cleanUps.push(() => timers.forEach(clearInterval))
    const port = await listenRaw(upTo('.', (socket) => void timers.push(setInterval(() => socket.write('250-wait\r\n'), 500))))
    const startedAtMs = Date.now()
    expect(await provider(`smtp://127.0.0.1:${port}`).send(message, never)).toEqual({ kind: 'unknown', reason: 'smtp_timeout' })
    expect(Date.now() - startedAtMs).toBeLessThan(10_000)
  })
})

describe('encryption', () => {
  test('with a certificate that nobody vouches for is refused, from the start and by STARTTLS', async () => {
    const secure = await listen({ secure: true })
    expect(await provider(`smtps://127.0.0.1:${secure.port}`).send(message, never)).toMatchObject({ kind: 'transient' })
    const upgraded = await listen({ hideSTARTTLS: false })
    expect(await provider(`smtp://127.0.0.1:${upgraded.port}`).send(message, never)).toMatchObject({ kind: 'transient' })
    expect([...secure.taken, ...upgraded.taken]).toEqual([])
  })
})
