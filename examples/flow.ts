// Fills in the KYC form over two devices, completes it and waits for the hand-over. Run beside `npm start`:
//   TOKEN=$(npm run -s token -- --sub alice) npx node examples/flow.ts
const { SALLYPORT_URL: url = 'http://localhost:3000', TOKEN: token = '' } = process.env

type Json = Record<string, unknown>

async function call(method: string, path: string, body?: Json): Promise<{ status: number; location: string; body: Json }> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return { status: response.status, location: response.headers.get('location') ?? '', body: (await response.json()) as Json }
}

const steps: Json[] = [
  { firstName: 'Alice', lastName: 'Jones', dateOfBirth: '1990-05-01', nationality: 'NA' },
  { street: '1 Independence Avenue', city: 'Windhoek', country: 'NA' },
  { documentType: 'passport', documentNumber: 'P1234567', issuingCountry: 'NA', expiresOn: '2031-01-31' },
  { occupation: 'engineer', source: 'employment', monthlyVolume: '1000_to_5000', isPoliticallyExposed: false },
  { isTrue: true, mayBeChecked: true },
]

// The phone: two steps, then the battery is empty.
let version = 0
for (const [at, data] of steps.slice(0, 2).entries()) {
  const saved = await call('PUT', '/v1/forms/kyc/progress', { step: at + 1, data })
  version = Number(saved.body['version'])
  console.log(`saved step ${at + 1}: completed ${JSON.stringify(saved.body['completedSteps'])}`)
}

// The laptop: where was I?
const { body: resume } = await call('GET', '/v1/forms/kyc/resume')
console.log(resume['message'])
for (let step = Number(resume['startFromStep']); step <= steps.length; step++) {
  await call('PUT', '/v1/forms/kyc/progress', { step, data: steps[step - 1] ?? {} })
}

// The phone wakes up and still shows what it saw last.
const late = await call('PUT', '/v1/forms/kyc/progress', { step: 2, data: { city: 'Swakopmund' }, version })
console.log(`${late.status} ${String(late.body['code'])}: ${JSON.stringify(late.body['conflict'])}`)

const done = await call('POST', '/v1/forms/kyc/complete')
console.log(`${done.status} ${JSON.stringify(done.body)}`)
for (let tries = 0; tries < 50; tries++) {
  const { body } = await call('GET', done.location)
  if (body['status'] === 'handed_over') {
    console.log(`handed over at ${String(body['handedOverAt'])}`)
    break
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
}
