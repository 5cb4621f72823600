/** Why a port could not be opened, in words that say what to do. */

type ListenError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number }

/**
 * @param thrown what `listen` or the making of a TLS server threw
 * @param ruleAddress the address of the file; errors mostly name one themselves
 * @param isOwn whether the configuration in force has this port itself, under another address
 */
export function openMessage(
  thrown: unknown,
  ruleAddress: string,
  isOwn: (port: number | undefined) => boolean,
): string {
  const error = thrown as ListenError
  const address = error.address ?? ruleAddress
  const where = `${address} port ${error.port ?? '?'}`
  switch (error.code) {
    case 'EADDRINUSE':
      // An address of one network card and all addresses exclude each other, also within one process.
      if (isOwn(error.port))
        return `${where} is still held by the configuration in force: take that out first, then add this one`
      return `${where} is in use by another program`
    case 'EACCES':
      return `${where} may not be opened by this user: ports below 1024 need root, CAP_NET_BIND_SERVICE, or a port mapping`
    case 'EADDRNOTAVAIL':
      return `${address} is not an address of this machine`
  }
  if (error.code?.startsWith('ERR_SSL') || error.code?.startsWith('ERR_OSSL'))
    return `a certificate cannot be used with the TLS profile of the listener (${error.code})`
  return `${where} cannot be opened (${error.code ?? error.message})`
}
