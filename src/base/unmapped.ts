/** An IPv4 peer of an IPv6 port is an IPv4 peer (RFC 4291 2.5.5.2): `::ffff:192.0.2.1` as `192.0.2.1`, others as they are. */
export const unmapped = (address: string): string =>
  /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address
