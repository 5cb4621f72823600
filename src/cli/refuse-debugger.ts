/** Nobody gets a debugger by a signal. */

/**
 * SIGUSR1 would make Node listen on 127.0.0.1:9229, where every local user can run code in this process. A listener of
 * our own takes the place of Node's (https://nodejs.org/api/process.html#signal-events); `--disable-sigusr1` of the
 * image and of workers closes the moment before this as well.
 */
export function refuseDebugger(): void {
  process.on('SIGUSR1', () => {})
}
