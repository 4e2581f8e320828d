// Forms, onboarding and wizards over HTTP, line by line of the contract, with every process real.
import { Client } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/infra.ts'
import { startSystem, type Answer, type System } from '../support/system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ apis: 2 })
})

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string
const steps = {
  1: { firstName: 'Ada', lastName: 'Lovelace', dateOfBirth: '1985-12-10', nationality: 'GB' },
  2: { street: '12 St James Square', city: 'London', country: 'GB' },
  3: { documentType: 'passport', documentNumber: 'GB1234567', issuingCountry: 'GB', expiresOn: '2030-01-01' },
  4: { occupation: 'analyst', source: 'savings', monthlyVolume: 'under_1000', isPoliticallyExposed: false },
  5: { isTrue: true, mayBeChecked: true },
}

type Caller = {
  save(step: number, data: object, more?: object): Promise<Answer>
  get(what?: string): Promise<Answer>
  send(method: string, what: string): Promise<Answer>
  headers: Record<string, string>
}

async function user(sub: string, form = 'kyc', roles: string[] = []): Promise<Caller> {
  const headers = await system.as({ sub, roles })
  return callerWith(headers, form)
}

function callerWith(headers: Record<string, string>, form = 'kyc'): Caller {
  const path = (what: string) => `/v1/forms/${form}/${what}`
  return {
    headers,
    save: (step, data, more = {}) => system.call('PUT', path('progress'), { step, data, ...more }, headers),
    get: (what = 'progress') => system.call('GET', path(what), undefined, headers),
    send: (method, what) => system.call(method, path(what), undefined, headers),
  }
}

const cookieOf = (answer: Answer): Record<string, string> => ({ cookie: String(answer.headers.get('set-cookie')).split(';')[0] ?? '' })

async function fill(caller: Caller): Promise<void> {
  for (const [step, data] of Object.entries(steps)) expect((await caller.save(Number(step), data)).status).toBe(200)
}

async function rows(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: system.env['DATABASE_URL'] })
  await client.connect()
  const result = await client.query<Record<string, unknown>>(text, values)
  await client.end()
  return result.rows
}

describe('a form', () => {
  it('is saved step by step and read back on another device', async () => {
    const ada = await user('form-1')
    expect((await ada.get()).body).toMatchObject({ canResume: false, startFromStep: 1, totalSteps: 5, savedData: {}, lastUpdated: null })
    const saved = await ada.save(1, steps[1])
    expect(saved).toMatchObject({
      status: 200,
      body: {
        currentStep: 1,
        totalSteps: 5,
        completedSteps: [1],
        formData: { 1: steps[1] },
        lastUpdated: isoTime,
        version: 1,
        expiresAt: isoTime,
      },
    })
    expect(Date.parse(String(saved.body['expiresAt'])) - Date.now()).toBeGreaterThan(3_590_000)
    await ada.save(2, { city: 'London' })
    for (const what of ['progress', 'resume']) {
      const read = await system.call('GET', `/v1/forms/kyc/${what}`, undefined, ada.headers, system.urls[1])
      expect(read.body).toMatchObject({
        canResume: true,
        startFromStep: 2,
        totalSteps: 5,
        savedData: { 1: steps[1], 2: { city: 'London' } },
        lastUpdated: isoTime,
        message: expect.any(String) as string,
      })
    }
    expect((await (await user('form-1-other')).get()).body).toMatchObject({ canResume: false, savedData: {} })
  })

  it('keeps what is not valid yet, and refuses what it does not know by a pointer', async () => {
    const ada = await user('form-2')
    expect((await ada.save(1, { firstName: '', dateOfBirth: 'yesterday' })).body).toMatchObject({
      completedSteps: [],
      formData: { 1: { firstName: '' } },
    })
    const unknown = await ada.save(1, { firstName: 'Ada', shoeSize: 38 })
    expect(unknown).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ pointer: '/data/shoeSize' }] } })
    expect((await ada.save(9, {})).body).toMatchObject({ status: 400, errors: [{ pointer: '/step' }] })
    expect((await ada.get()).body['savedData']).toEqual({ 1: { firstName: '', dateOfBirth: 'yesterday' } })
  })

  it('lives as long as it is told, a day at most', async () => {
    const ada = await user('form-3')
    expect((await ada.save(1, {}, { expiresIn: '25h' })).status).toBe(400)
    const { body } = await ada.save(1, {}, { expiresIn: '24h' })
    expect(Date.parse(String(body['expiresAt'])) - Date.now()).toBeGreaterThan(86_390_000)
    expect((await ada.save(1, {}, { expiresIn: 1 })).status).toBe(200)
    await until(async () => (await ada.get()).body['lastUpdated'] === null)
  })

  it('another tab’s change is a conflict that shows both values, and nothing is lost', async () => {
    const ada = await user('form-4')
    const first = await ada.save(2, { city: 'London' })
    const version = first.body['version']
    expect((await ada.save(2, { city: 'Paris', street: 'Rue de Rivoli' }, { version })).body['version']).toBe(2)
    const late = await ada.save(2, { city: 'Rome', country: 'IT' }, { version })
    expect(late).toMatchObject({
      status: 409,
      body: {
        code: 'version_conflict',
        conflict: { version: 2, yours: { 2: { city: 'Rome', country: 'IT' } }, theirs: { 2: { city: 'Paris', country: null } } },
      },
    })
    expect((await ada.get()).body['savedData']).toEqual({ 2: { city: 'Paris', street: 'Rue de Rivoli' } })
    // The same save again after a lost answer is no conflict.
    expect(await ada.save(2, { city: 'Paris', street: 'Rue de Rivoli' }, { version })).toMatchObject({ status: 200, body: { version: 2 } })
  })

  it('two tabs that race lose nothing', async () => {
    const ada = await user('form-5')
    const fields = ['firstName', 'middleNames', 'lastName', 'dateOfBirth', 'nationality']
    const names = ['street', 'city', 'region', 'postalCode', 'country']
    const saves = Array.from({ length: 10 }, (_, at) => [
      system.call(
        'PUT',
        '/v1/forms/kyc/progress',
        { step: 1, data: { [fields[at % 5] ?? '']: `value ${at}` } },
        ada.headers,
        system.urls[0],
      ),
      system.call(
        'PUT',
        '/v1/forms/kyc/progress',
        { step: 2, data: { [names[at % 5] ?? '']: `value ${at}` } },
        ada.headers,
        system.urls[1],
      ),
    ]).flat()
    expect((await Promise.all(saves)).map(({ status }) => status)).toEqual(saves.map(() => 200))
    const { savedData } = (await ada.get()).body as { savedData: Record<string, Record<string, string>> }
    expect(Object.keys(savedData[1] ?? {}).toSorted()).toEqual(fields.toSorted())
    expect(Object.keys(savedData[2] ?? {}).toSorted()).toEqual(names.toSorted())
  })

  it('is completed once, however often it is asked: stored, handed over, and its draft gone', async () => {
    const ada = await user('form-6')
    await ada.save(1, steps[1])
    const early = await ada.send('POST', 'complete')
    expect(early).toMatchObject({ status: 422, body: { code: 'step_invalid', steps: [2, 3, 4, 5] } })
    expect((early.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)).toContain('/2/street')
    await fill(ada)
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, at) => system.call('POST', '/v1/forms/kyc/complete', undefined, ada.headers, system.urls[at % 2])),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const [answer] = answers
    expect(answer?.body).toEqual({ submissionId: expect.stringMatching(/^sub_/) as string, status: 'accepted', completedAt: isoTime })
    const where = String(answer?.headers.get('location'))
    await until(async () => (await system.call('GET', where, undefined, ada.headers)).body['status'] === 'handed_over')
    expect((await system.call('GET', where, undefined, ada.headers)).body).toMatchObject({
      definition: 'kyc',
      version: 1,
      userId: 'form-6',
      data: steps,
    })
    expect((await system.call('GET', where, undefined, await system.as({ sub: 'somebody' }))).status).toBe(404)
    expect((await ada.get()).body).toMatchObject({ canResume: false, savedData: {} })
    expect(
      await rows('select id from flow_submissions where owner = (select owner from flow_submissions where id = $1)', [
        answer?.body['submissionId'],
      ]),
    ).toHaveLength(1)
    const [row] = await rows('select * from flow_submissions where id = $1', [answer?.body['submissionId']])
    expect(JSON.stringify(row)).not.toMatch(/Lovelace|form-6/)
    // A tab left open must not begin another one unawares; a person may.
    expect((await ada.save(1, { firstName: 'Eve' }, { version: 6 })).body['code']).toBe('flow_completed')
    expect((await ada.save(1, { firstName: 'Eve' })).body).toMatchObject({ version: 1, formData: { 1: { firstName: 'Eve' } } })
  })

  it('is thrown away by its owner', async () => {
    const ada = await user('form-7')
    await ada.save(1, steps[1])
    expect((await ada.send('DELETE', 'progress')).status).toBe(204)
    expect((await ada.get()).body).toMatchObject({ canResume: false, savedData: {} })
    expect((await ada.send('POST', 'complete')).status).toBe(404)
    expect((await ada.send('DELETE', 'progress')).status).toBe(204)
  })

  it('refuses hostile bodies and unknown forms', async () => {
    const ada = await user('form-8')
    const raw = (body: string) => system.call('PUT', '/v1/forms/kyc/progress', body, { ...ada.headers, 'content-type': 'application/json' })
    expect((await raw('{"step":1,"data":{"__proto__":{"isAdmin":true}}}')).status).toBe(400)
    expect((await raw('{"step":1,"data":{"constructor":{"prototype":{"isAdmin":true}}}}')).status).toBe(400)
    expect((await raw(`{"step":1,"data":{"firstName":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`)).status).toBe(400)
    expect((await ada.save(1, { firstName: 'x'.repeat(70_000) })).body['code']).toBe('too_large')
    expect((await (await user('form-8', 'nothing')).save(1, {})).body['code']).toBe('not_found')
    expect((await ada.get()).body['savedData']).toEqual({})
  })
})

describe('without Postgres', () => {
  it('a completion is refused in time, the draft is as it was, and all is well elsewhere', async () => {
    const ada = await user('no-postgres')
    await fill(ada)
    const url = await system.startApi({ DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:9/none' })
    const refused = await system.call('POST', '/v1/forms/kyc/complete', undefined, ada.headers, url)
    expect(refused).toMatchObject({ status: 503, body: { code: 'service_degraded', retryable: true } })
    expect((await ada.get()).body).toMatchObject({ canResume: true, savedData: steps })
    expect((await system.call('PUT', '/v1/forms/kyc/progress', { step: 4, data: { occupation: 'poet' } }, ada.headers, url)).status).toBe(
      200,
    )
    expect((await ada.send('POST', 'complete')).status).toBe(202)
  })
})

describe('a browser without a credential', () => {
  it('owns its form by a cookie, and takes it along when it signs in', async () => {
    const begun = await system.call('PUT', '/v1/forms/kyc/progress', { step: 1, data: steps[1] })
    expect(begun.status).toBe(200)
    const cookie = cookieOf(begun)
    const browser = callerWith(cookie)
    await browser.save(2, steps[2])
    expect((await browser.get()).body).toMatchObject({ canResume: true, startFromStep: 3 })
    expect((await system.call('GET', '/v1/forms/kyc/progress')).body).toMatchObject({ canResume: false })
    const signedIn = { ...(await system.as({ sub: 'claimer' })), ...cookie }
    expect((await callerWith(signedIn).get()).body).toMatchObject({ savedData: {} })
    const claimed = await system.call('POST', '/v1/flows/claim', undefined, signedIn)
    expect(claimed).toMatchObject({ status: 200, body: { claimed: [{ kind: 'form', definition: 'kyc' }], keptAside: [] } })
    expect((await callerWith(signedIn).get()).body).toMatchObject({ canResume: true, savedData: { 1: steps[1], 2: steps[2] } })
    expect((await browser.get()).body).toMatchObject({ canResume: false, savedData: {} })
    expect((await system.call('POST', '/v1/flows/claim', undefined, signedIn)).body).toEqual({ claimed: [], keptAside: [] })
  })

  it('keeps its own draft where the user has one', async () => {
    const ada = await user('claimer-2')
    await ada.save(1, { firstName: 'Ada' })
    const cookie = cookieOf(await system.call('PUT', '/v1/forms/kyc/progress', { step: 1, data: { firstName: 'Browser' } }))
    const { body } = await system.call('POST', '/v1/flows/claim', undefined, { ...ada.headers, ...cookie })
    expect(body).toMatchObject({ claimed: [], keptAside: [{ kind: 'form', definition: 'kyc' }] })
    expect((await ada.get()).body['savedData']).toEqual({ 1: { firstName: 'Ada' } })
    expect((await callerWith(cookie).get()).body['savedData']).toEqual({ 1: { firstName: 'Browser' } })
  })

  it('gets the same cookie again when it repeats a begin whose answer got lost', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const begin = () => system.call('POST', '/v1/onboarding', { userType: 'user' }, headers)
    const [first, second] = [await begin(), await begin()]
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(cookieOf(second)).toEqual(cookieOf(first))
    const path = `/v1/onboarding/${String(second.body['sessionId'])}`
    expect((await system.call('GET', path, undefined, cookieOf(second))).status).toBe(200)
  })

  it('can begin an onboarding, and no wizard', async () => {
    const begun = await system.call('POST', '/v1/onboarding', { userType: 'user' })
    expect(begun.status).toBe(201)
    const cookie = cookieOf(begun)
    expect((await system.call('GET', '/v1/onboarding', undefined, cookie)).body['sessionId']).toBe(begun.body['sessionId'])
    expect((await system.call('GET', '/v1/onboarding')).status).toBe(404)
    expect((await system.call('POST', '/v1/wizards', { wizardType: 'campaign' }, cookie)).status).toBe(401)
  })
})

describe('an onboarding', () => {
  const profile = { displayName: 'Ada' }

  it('shows how far it is and how long the rest takes, and ends in a submission', async () => {
    const headers = await system.as({ sub: 'onboarding-1' })
    const call = (method: string, path: string, body?: unknown) => system.call(method, `/v1/onboarding${path}`, body, headers)
    const begun = await call('POST', '', { userType: 'user' })
    expect(begun.status).toBe(201)
    expect(begun.body).toMatchObject({
      sessionId: expect.stringMatching(/^onb_/) as string,
      currentStep: 1,
      totalSteps: 4,
      completedSteps: [],
      progressPercentage: 0,
      canResume: true,
      lastActivity: isoTime,
      isComplete: false,
      estimatedTimeRemaining: 120,
    })
    const one = `/${begun.body['sessionId']}`
    expect((await call('POST', '', { userType: 'user' })).status).toBe(200)
    expect((await call('PATCH', `${one}/steps/1`, { data: profile })).body).toMatchObject({ completedSteps: [], currentStep: 1 })
    expect((await call('PATCH', `${one}/steps/2`, { data: { topics: ['law'] }, completed: true })).body).toMatchObject({
      status: 409,
      code: 'step_not_open',
    })
    expect((await call('PATCH', `${one}/steps/1`, { data: { displayName: 'x' }, completed: true })).body).toMatchObject({
      status: 422,
      code: 'step_invalid',
      errors: [{ pointer: '/data/displayName' }],
    })
    expect((await call('PATCH', `${one}/steps/1`, { data: profile, completed: true })).body).toMatchObject({
      completedSteps: [1],
      currentStep: 2,
      progressPercentage: 25,
      estimatedTimeRemaining: 75,
    })
    await call('PATCH', `${one}/steps/2`, { data: { topics: ['law'] }, completed: true })
    await call('PATCH', `${one}/steps/3`, { data: { email: 'none' }, completed: true })
    expect((await call('POST', `${one}/complete`)).body).toMatchObject({ status: 422, steps: [4] })
    expect((await call('PATCH', `${one}/steps/4`, { data: { acceptsTerms: true }, completed: true })).body).toMatchObject({
      progressPercentage: 100,
      estimatedTimeRemaining: 0,
      isComplete: false,
    })
    const done = await call('POST', `${one}/complete`)
    expect(done.status).toBe(202)
    expect((await call('POST', `${one}/complete`)).text).toBe(done.text)
    expect((await call('GET', '')).body).toMatchObject({ isComplete: true, canResume: false, progressPercentage: 100 })
    expect((await call('PATCH', `${one}/steps/1`, { data: profile })).body['code']).toBe('flow_completed')
    expect((await system.call('GET', `/v1/onboarding${one}`, undefined, await system.as({ sub: 'other' }))).status).toBe(404)
    expect((await call('PATCH', `${one}/steps/9`, { data: {} })).status).toBe(409)
  })

  it('moves to the user who signs in', async () => {
    const begun = await system.call('POST', '/v1/onboarding', { userType: 'expert' })
    const cookie = cookieOf(begun)
    await system.call('PATCH', `/v1/onboarding/${begun.body['sessionId']}/steps/1`, { data: { displayName: 'Grace' } }, cookie)
    const headers = { ...(await system.as({ sub: 'onboarding-2' })), ...cookie }
    const { body } = await system.call('POST', '/v1/flows/claim', undefined, headers)
    expect(body).toMatchObject({ claimed: [{ kind: 'onboarding', definition: 'expert-onboarding', from: begun.body['sessionId'] }] })
    const mine = await system.call('GET', '/v1/onboarding', undefined, headers)
    expect(mine.body).toMatchObject({ sessionId: (body['claimed'] as { id: string }[])[0]?.id, savedData: { 1: { displayName: 'Grace' } } })
  })
})

describe('a wizard', () => {
  const basics = { name: 'Spring', goal: 'leads' }

  it('says what is missing, moves only where it may, and ends in a submission', async () => {
    const headers = await system.as({ sub: 'wizard-1' })
    const call = (method: string, path: string, body?: unknown) => system.call(method, `/v1/wizards${path}`, body, headers)
    const begun = await call('POST', '', { wizardType: 'campaign', initialData: { 1: { name: 'Sp' } } })
    expect(begun.status).toBe(201)
    expect(begun.body).toMatchObject({
      id: expect.stringMatching(/^wiz_/) as string,
      currentStep: 1,
      isValid: false,
      canProceed: false,
      nextStep: 2,
    })
    expect((begun.body['validationErrors'] as { pointer: string }[]).map(({ pointer }) => pointer).toSorted()).toEqual(['/goal', '/name'])
    const one = `/${begun.body['id']}`
    expect(await call('POST', `${one}/navigate`, { direction: 'next' })).toMatchObject({
      status: 200,
      body: {
        success: false,
        currentStep: 1,
        stepData: { 1: { name: 'Sp' } },
        isLastStep: false,
        canGoBack: false,
        canGoForward: false,
        reason: 'Step 1 is not valid yet.',
      },
    })
    expect((await call('PATCH', one, { stepData: { 1: basics } })).body).toMatchObject({
      isValid: true,
      canProceed: true,
      validationErrors: [],
    })
    expect((await call('POST', `${one}/navigate`, { direction: 'next' })).body).toMatchObject({
      success: true,
      currentStep: 2,
      canGoBack: true,
      canGoForward: false,
    })
    expect((await call('POST', `${one}/navigate`, { direction: 'previous' })).body).toMatchObject({
      success: true,
      currentStep: 1,
      canGoForward: true,
    })
    expect((await call('POST', `${one}/navigate`, { direction: 4 })).body).toMatchObject({
      success: false,
      reason: 'Step 2 is not valid yet.',
    })
    expect((await call('POST', `${one}/navigate`, 0)).body).toMatchObject({ success: false, reason: 'There is no step 0.' })
    expect((await call('POST', `${one}/navigate`, 99)).body).toMatchObject({ success: false, reason: 'There is no step 99.' })
    const rest = {
      2: { countries: ['NA'] },
      3: { subject: 'Hello', body: 'Welcome' },
      4: { amount: 100, currency: 'NAD', startsOn: '2027-01-01' },
    }
    await call('PATCH', one, { stepData: rest })
    expect((await call('POST', `${one}/navigate`, 5)).body).toMatchObject({
      success: true,
      currentStep: 5,
      isLastStep: true,
      canGoForward: false,
    })
    expect((await call('POST', `${one}/complete`)).body).toMatchObject({ status: 422, steps: [5] })
    expect((await call('PATCH', one, { stepData: { 5: { isApproved: true } } })).body).toMatchObject({
      isValid: true,
      canProceed: true,
      nextStep: null,
    })
    expect((await call('GET', one)).body['stepData']).toEqual({ 1: basics, ...rest, 5: { isApproved: true } })
    const done = await call('POST', `${one}/complete`)
    expect(done.status).toBe(202)
    expect((await call('POST', `${one}/complete`)).text).toBe(done.text)
    expect((await call('GET', one)).status).toBe(404)
  })

  it('is nobody else’s, but an admin’s; unknown ones are refused; DELETE ends it', async () => {
    const headers = await system.as({ sub: 'wizard-2' })
    const key = { ...headers, 'idempotency-key': 'one' }
    const begun = await system.call('POST', '/v1/wizards', { wizardType: 'campaign' }, key)
    const again = await system.call('POST', '/v1/wizards', { wizardType: 'campaign' }, key)
    expect(again.body['id']).toBe(begun.body['id'])
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const path = `/v1/wizards/${begun.body['id']}`
    for (const [method, where, body] of [
      ['GET', path],
      ['PATCH', path, { stepData: {} }],
      ['POST', `${path}/navigate`, { direction: 'next' }],
      ['POST', `${path}/complete`],
      ['DELETE', path],
    ] as const) {
      expect((await system.call(method, where, body, await system.as({ sub: 'stranger' }))).status).toBe(404)
    }
    expect((await system.call('GET', path, undefined, await system.as({ sub: 'root', roles: ['admin'] }))).status).toBe(200)
    expect((await system.call('POST', '/v1/wizards', { wizardType: 'nothing' }, headers)).status).toBe(404)
    expect((await system.call('DELETE', path, undefined, headers)).status).toBe(204)
    expect((await system.call('GET', path, undefined, headers)).status).toBe(404)
  })
})

describe('analytics', () => {
  it('count what began, came through and was thrown away, for admins', async () => {
    const admin = await system.as({ sub: 'root', roles: ['admin'] })
    expect((await system.call('GET', '/v1/flows/analytics', undefined, await system.as({ sub: 'x' }))).status).toBe(403)
    const { body } = await system.call('GET', '/v1/flows/analytics?definition=campaign', undefined, admin)
    expect(body).toMatchObject({ definition: 'campaign', started: 2, completed: 1, discarded: 1, abandoned: 0 })
    const [first] = body['steps'] as { started: number; completed: number; medianSeconds: number }[]
    expect(first).toMatchObject({ step: 1, id: 'basics', started: 2, completed: 1 })
    expect(first?.medianSeconds).toBeGreaterThan(0)
    expect((await system.call('GET', '/v1/flows/analytics?definition=nothing', undefined, admin)).status).toBe(404)
    const metrics = await system.call('GET', '/metrics', undefined, admin)
    expect(metrics.text).toMatch(/sallyport_flow_drafts\{flow="campaign",outcome="completed",process="api-\d+"\} 1/)
  })
})

describe('at rest', () => {
  it('no store shows what was written', async () => {
    const ada = await user('at-rest')
    await ada.save(1, { firstName: 'Unmistakable-Name' })
    const { Redis } = await import('ioredis')
    const redis = new Redis(system.env['REDIS_URL'] ?? '')
    const keys = await redis.keys('*')
    const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)))
    redis.disconnect()
    expect(dumps.some((dump) => dump.includes('Unmistakable-Name') || dump.includes('Lovelace') || dump.includes('at-rest'))).toBe(false)
  })
})
