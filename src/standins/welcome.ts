// What `npm start` says when it is ready: where things are, and one example to paste.

/** A few lines for the terminal. The example needs only sh, curl, grep and sed, and ends in an approved code each time it is pasted. */
export function describeRun(settings: Readonly<Record<string, string>>, dataDir: string): string {
  const { PUBLIC_URL = '', PORT = '', OUTBOX_URL } = settings
  const local = `http://localhost:${PORT}`
  const places: [string, string][] = [
    ['API', PUBLIC_URL],
    ['docs', `${local}/docs`],
    ['messages', OUTBOX_URL ? `${local}/dev/outbox` : 'go out by your own SMTP_URL and TWILIO_BASE_URL'],
    ['queues', `${local}/admin/queues (sign in with what this prints: npm run -s token -- --sub me --roles admin)`],
    ['logs', `${dataDir}/logs`],
  ]
  const lines = places.map(([name, place]) => `  ${name.padEnd(10)}${place}`)
  return [
    '',
    ...lines,
    ...(OUTBOX_URL ? ['', 'A code by text message, from start to approved. Paste this into another shell:', '', example(local)] : []),
    '',
  ].join('\n')
}

/** The number ends in the time of day, so that pasting it twice starts two verifications instead of meeting the first one's cooldown. */
function example(local: string): string {
  return `to=1415555$(date +%M%S)
id=$(curl -s ${local}/v1/verifications -H 'content-type: application/json' \\
  -d "{\\"channel\\":\\"sms\\",\\"to\\":\\"+$to\\"}" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
for try in 1 2 3 4 5 6 7 8 9; do
  code=$(curl -s "${local}/dev/outbox?to=%2B$to" | grep -o '"text":"[^"]*' | grep -o '[0-9]\\{6\\}' | head -n 1)
  [ -n "$code" ] && break || sleep 1
done
curl -s ${local}/v1/verifications/$id/check -H 'content-type: application/json' -d "{\\"code\\":\\"$code\\"}"; echo`
}
