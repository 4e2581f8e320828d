import { describe, expect, it } from 'vitest'
import { createTelemetry } from '../src/telemetry.ts'

describe('telemetry', () => {
  it('counts what it is told, under our names and with base units', async () => {
    const telemetry = createTelemetry({ name: 'api' })
    telemetry.accepted('phone_verification', 'sms')
    telemetry.requested('/v1/verifications/{id}', 'GET', 200, 0.004)
    telemetry.sent('twilio', 'accepted', 0.2)
    const text = await telemetry.metrics()
    expect(text).toMatch(/^sallyport_verifications_accepted_total\{.*purpose="phone_verification",channel="sms".*\} 1$/m)
    expect(text).toMatch(/^sallyport_http_request_seconds_count\{.*route="\/v1\/verifications\/\{id\}",method="GET",status="200".*\} 1$/m)
    expect(text).toMatch(/^sallyport_provider_send_seconds_count\{.*provider="twilio",outcome="accepted".*\} 1$/m)
    expect(text.split('\n').filter((line) => line.startsWith('# TYPE ') && !line.startsWith('# TYPE sallyport_'))).toEqual([])
    telemetry.close()
  })

  it('measures gauges when somebody looks, and forgets series that are gone', async () => {
    const telemetry = createTelemetry({ name: 'worker' })
    let queues = ['otp', 'mail']
    telemetry.registerGauge({
      name: 'queue_jobs',
      help: 'Jobs by queue.',
      labels: ['queue'],
      measure: async () => queues.map((queue) => ({ labels: { queue }, value: 2 })),
    })
    expect(await telemetry.metrics()).toContain('sallyport_queue_jobs{queue="mail",process="worker"} 2')
    queues = ['otp']
    expect(await telemetry.metrics()).not.toContain('queue="mail"')
    telemetry.close()
  })

  it('still answers when a source fails, and says that it failed', async () => {
    const telemetry = createTelemetry({ name: 'api' })
    telemetry.registerGauge({
      name: 'redis_memory_bytes',
      help: 'Memory.',
      measure: () => {
        throw new Error('away')
      },
    })
    await telemetry.metrics()
    expect(await telemetry.metrics()).toMatch(/sallyport_scrape_failures_total\{gauge="redis_memory_bytes",process="api"\} [12]/)
    telemetry.close()
  })
})
