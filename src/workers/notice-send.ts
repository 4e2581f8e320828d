// Sends one mail that is owed, if its reason is still there.
import { sendNotice } from '../domain/notices/send.ts'
import type { Processor } from './processor.ts'

export const processNoticeSend: Processor<'notice.send'> = (deps, { noticeId }, run) => sendNotice(deps, noticeId, run)
