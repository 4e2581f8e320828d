// Mail by SMTP through nodemailer: one message to one address, never repeated here, the server's answer as a Delivery.
// What the message says is for templates.ts, when to try again for the worker.
import { createTransport, type Transporter } from 'nodemailer'
import type { Delivery, MailMessage, MailProvider } from '../../domain/ports.ts'
import type { Secret } from '../../lib/secret.ts'
import { judgeSmtpError } from './smtp-outcome.ts'

const totalTimeoutMs = 9_500

/** `url`: smtp:// (STARTTLS where the server offers it) or smtps://; certificates are verified. `from`: an address or `Name <address>`. */
export type SmtpOptions = { url: Secret; from: string }

type SentBody = { readableDidRead: boolean }

/** A sender of mail over at most five kept connections. `send` never throws and ends within 10 s; `close` lets what is under way finish. */
export function createSmtpMail(options: SmtpOptions): MailProvider {
  const from = readSender(options.from)
  const bodies = new WeakMap<AbortSignal, SentBody>()
  const transport = createTransport(transportOptions(options.url.reveal()))
  noteBodies(transport, bodies)
  return {
    name: 'smtp',
    async send(message, signal): Promise<Delivery> {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(totalTimeoutMs)])
      try {
        await transport.sendMail({ ...composeMail(message, from), signal: deadline })
        return { kind: 'accepted', reference: message.messageId }
      } catch (error) {
        return judgeSmtpError(error, bodies.get(deadline)?.readableDidRead ?? false)
      }
    },
    close: () => transport.close(),
  }
}

function transportOptions(url: string) {
  const { protocol, username, password, hostname, searchParams } = new URL(url)
  const isLoopback = /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)
  // A password leaves this machine only encrypted, unless the operator says otherwise in the URL.
  const mustEncrypt =
    protocol === 'smtp:' && (username !== '' || password !== '') && !isLoopback && searchParams.get('requireTLS') !== 'false'
  return {
    url,
    pool: true as const,
    maxConnections: 5,
    maxMessages: 100,
    // A message is put back on the pool's queue by nobody: the worker alone repeats.
    maxRequeues: 0,
    idleTimeout: 30_000,
    dnsTimeout: 2_000,
    connectionTimeout: 2_000,
    greetingTimeout: 3_000,
    socketTimeout: 8_000,
    socketCloseTimeout: 500,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(mustEncrypt ? { requireTLS: true } : {}),
  }
}

/** Keeps each message's stream: once a byte of it was read for the wire, the server may have the message whatever the error says. */
function noteBodies(transport: Transporter, bodies: WeakMap<AbortSignal, SentBody>): void {
  transport.use('stream', (mail, done) => {
    const { message, data } = mail
    const createReadStream = message.createReadStream.bind(message)
    message.createReadStream = (streamOptions) => {
      const stream = createReadStream(streamOptions)
      if (data.signal) bodies.set(data.signal, stream)
      return stream
    }
    done()
  })
}

/** Addresses go in as objects and the envelope is said outright, so that no parser decides who gets the message. */
function composeMail(message: MailMessage, from: { name: string; address: string }) {
  const to = { name: '', address: message.to }
  return {
    envelope: { from: { name: '', address: from.address }, to: [to] },
    from,
    to,
    subject: message.subject,
    text: message.text,
    html: message.html,
    messageId: message.messageId,
    xMailer: false as const,
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': message.locale },
  }
}

function readSender(from: string): { name: string; address: string } {
  const [, name, address] = /^\s*"?([^"<>]*?)"?\s*<([^<>\s]+)>\s*$/.exec(from) ?? []
  return address === undefined ? { name: '', address: from.trim() } : { name: name ?? '', address }
}
