/** What sipp says and expects: OPTIONS and 200, which is how SIP servers look whether a neighbour is there (RFC 3261 11). */

/** The side that asks. It fails when anything but 200 comes. */
export const asksOptions = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="OPTIONS">
  <send retrans="500"><![CDATA[

OPTIONS sip:contoso.com;transport=tls SIP/2.0
Via: SIP/2.0/TLS [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
To: <sip:contoso.com>
From: <sip:fabrikam.com>;tag=[call_number]
Call-ID: [call_id]
CSeq: 1 OPTIONS
Contact: <sip:fabrikam.com:5061;transport=tls>
Accept: application/sdp
Content-Length: 0

  ]]></send>
  <recv response="200"></recv>
</scenario>
`

/** The side that answers. */
export const answersOptions = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="200">
  <recv request="OPTIONS"></recv>
  <send><![CDATA[

SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Allow: OPTIONS, INVITE
Content-Length: 0

  ]]></send>
</scenario>
`
