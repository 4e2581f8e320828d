// Makes one try of a webhook delivery. What is sent, when and how often is the domain's to say.
import { deliverWebhook } from '../domain/webhooks/deliver.ts'
import type { Processor } from './processor.ts'

export const processWebhookDeliver: Processor<'webhook.deliver'> = deliverWebhook
