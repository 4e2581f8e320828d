// As much of OpenAI's chat completions as is read of an answer. Other fields may be there.
import { z } from 'zod'

export const chatCompletion = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1) })
