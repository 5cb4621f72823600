/** The questions of `lyncgate init` on a real terminal. They are printed to stderr: stdout is for what init makes. */
import { isCancel, select, text } from '@clack/prompts'
import type { Asker } from '../topology/interview.ts'

export const terminalAsker: Asker = {
  text: async ({ message, initial, check }) => {
    const answer = await text({
      message,
      output: process.stderr,
      ...(initial === '' ? {} : { placeholder: initial, defaultValue: initial }),
      // The default is fine; it is checked too where it is empty.
      validate: (value) => {
        const meant = value === undefined || value === '' ? initial : value
        return check(meant)
      },
    })
    return isCancel(answer) ? undefined : (answer ?? initial)
  },
  choose: async ({ message, options, initial }) => {
    const answer = await select({
      message,
      output: process.stderr,
      options: options.map((each) => ({ ...each })),
      initialValue: initial,
    })
    return isCancel(answer) ? undefined : answer
  },
}
