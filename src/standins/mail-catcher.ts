// An SMTP server that receives and keeps mail instead of delivering it, and can misbehave on request. Reading what came is outbox.ts's.
import type { Server, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import PostalMime from 'postal-mime'
import { createModeSwitch, type Mode } from './modes.ts'
import type { Controllable, Outbox } from './outbox.ts'

/**
 * `refuse` answers `code` to RCPT TO (451 may be tried again, 550 not); `slow` accepts after `delayMs`; `drop` keeps the mail and breaks the
 * connection instead of answering, so that the client cannot know.
 */
const modeNames = ['accept', 'refuse', 'slow', 'drop'] as const
type ModeName = (typeof modeNames)[number]
export type MailMode = Mode<ModeName>

export type MailCatcher = Controllable & { url: string; port: number; setMode(mode: MailMode): void; stop(): Promise<void> }

const maxMailBytes = 1_000_000

class SmtpRefusal extends Error {
  readonly responseCode: number

  constructor(responseCode: number) {
    super(responseCode < 500 ? 'Try again later' : 'Not accepted here')
    this.responseCode = responseCode
  }
}

/** Listens on 127.0.0.1 (port 0 takes a free one), without TLS and with any or no login. Rejects when the port is taken. */
export async function startMailCatcher(port: number, outbox: Outbox): Promise<MailCatcher> {
  const modes = createModeSwitch<ModeName>(modeNames, 'accept')
  const sockets = new Map<number, Socket>()
  const receive = async (source: Buffer, session: SMTPServerSession): Promise<void> => {
    const { kind, delayMs = 5_000 } = modes.current().kind === 'refuse' ? { kind: 'accept' } : modes.take()
    if (kind === 'slow') await wait(delayMs, undefined, { ref: false })
    for (const message of await readMail(source, session)) outbox.add(message)
    if (kind === 'drop') sockets.get(session.remotePort)?.destroy()
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: maxMailBytes,
    closeTimeout: 1_000,
    onAuth: (auth, _session, done) => done(null, { user: auth.username }),
    onRcptTo: (_address, _session, done) => done(modes.current().kind === 'refuse' ? new SmtpRefusal(modes.take().code ?? 451) : null),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => void receive(Buffer.concat(chunks), session).then(() => done(), done))
    },
  })
  keepSockets(server.server, sockets)
  const actualPort = await listenOn(server, port)
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets.values()) socket.destroy()
    })
  return { url: `smtp://127.0.0.1:${actualPort}`, port: actualPort, setMode: modes.set, stop }
}

/** The session that smtp-server shows names its socket only by the client's port. */
function keepSockets(server: Server, sockets: Map<number, Socket>): void {
  server.on('connection', (socket) => {
    const { remotePort } = socket
    if (remotePort === undefined) return
    sockets.set(remotePort, socket)
    socket.once('close', () => sockets.delete(remotePort))
  })
}

async function listenOn(server: SMTPServer, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  // From now on an error is a client that broke its connection: the client's affair.
  server.removeAllListeners('error')
  server.on('error', () => {})
  const address = server.server.address()
  return typeof address === 'object' && address ? address.port : port
}

/** One message for each recipient of the envelope, which alone says who gets a mail. */
async function readMail(source: Buffer, session: SMTPServerSession): Promise<Parameters<Outbox['add']>[0][]> {
  const mail = await PostalMime.parse(source)
  const at = new Date().toISOString()
  return session.envelope.rcptTo.map(({ address }) => ({
    channel: 'email',
    to: address,
    ...(mail.subject === undefined ? {} : { subject: mail.subject }),
    text: mail.text ?? '',
    ...(mail.html === undefined ? {} : { html: mail.html }),
    at,
  }))
}
