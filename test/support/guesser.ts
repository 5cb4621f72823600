/** Somebody who tries passwords, through a proxy or at a server of the lab. */
import type { Test } from 'tap'
import { connectRaw, type RawClient, type RawResponse } from '../../src/lab/raw-client.ts'
import { type NtlmCredentials, signIn } from '../../src/ntlm/ntlm-client.ts'
import { HOST } from './lab-proxy.ts'

export interface GuesserTarget {
  readonly port: number
  /** Where it comes from: any address of 127.0.0.0/8. */
  readonly from?: string
  readonly tls?: { readonly ca: string; readonly serverName: string }
}

/** Asks for a page that wants NTLM. */
export const PAGE = 'GET /abs/handler'

/** A connection that ends with the test. */
export async function openGuesser(t: Test, { port, from, tls }: GuesserTarget): Promise<RawClient> {
  const client = await connectRaw({
    port,
    ...(from !== undefined && { localAddress: from }),
    ...(tls && { tls }),
  })
  t.teardown(() => client.close())
  return client
}

/** The three legs of NTLM on one connection. */
export const tryNtlm = (
  client: RawClient,
  credentials: NtlmCredentials,
  scheme: 'NTLM' | 'Negotiate' = 'NTLM',
  line = PAGE,
): Promise<RawResponse> =>
  signIn(
    (authorization) => client.request(line, [HOST, `Authorization: ${authorization}`]),
    {
      ...credentials,
    },
    scheme,
  )

/** A password on a connection of its own. */
export async function guess(
  t: Test,
  target: GuesserTarget,
  credentials: NtlmCredentials,
): Promise<RawResponse> {
  const client = await openGuesser(t, target)
  const answer = await tryNtlm(client, credentials)
  client.close()
  return answer
}

export const wrongFor = (user: string, domain = 'CONTOSO'): NtlmCredentials => ({
  user,
  domain,
  password: 'wrong',
})

const USERNAME_TOKEN = (user: string, password: string): string =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><o:Security><o:UsernameToken>` +
  `<o:Username>${user}</o:Username><o:Password>${password}</o:Password>` +
  `</o:UsernameToken></o:Security></s:Header><s:Body/></s:Envelope>`

/** A UsernameToken for the web ticket service. */
export const trySoap = (
  client: RawClient,
  user: string,
  password: string,
  fields: readonly string[] = [],
): Promise<RawResponse> =>
  client.request(
    'POST /WebTicket/WebTicketService.svc/Auth',
    [HOST, 'Content-Type: text/xml; charset=utf-8', ...fields],
    USERNAME_TOKEN(user, password),
  )

/** The password grant. */
export const tryOauth = (client: RawClient, user: string, password: string): Promise<RawResponse> =>
  client.request(
    'POST /WebTicket/oauthtoken',
    [HOST, 'Content-Type: application/x-www-form-urlencoded;charset=UTF-8'],
    `grant_type=password&username=${encodeURIComponent(user)}&password=${password}`,
  )

/** Everything of an answer but what names the connection in the lab, the moment and the server of the balance. */
export const comparable = ({ status, reason, headers, body }: RawResponse) => ({
  status,
  reason,
  headers: headers
    .filter(([name]) => !/^x-lab-/i.test(name))
    .map(([name, value]) => [
      name,
      /^date$/i.test(name) ? '' : value.replace(/^(MS-WSMAN)=[\w-]+/, '$1'),
    ]),
  body: body.toString('latin1'),
})
