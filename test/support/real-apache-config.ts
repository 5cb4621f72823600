/** The configuration file of the private Apache of `real-apache.ts`. */

/** What the file depends on. */
export interface ApacheSettings {
  readonly directory: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly name: string
  readonly keytab: string | undefined
}

/** Where Debian keeps Apache's modules. */
export const apacheModules = '/usr/lib/apache2/modules'

const modules = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'authz_user',
  'auth_gssapi',
  'alias',
  'cgid',
  'deflate',
  'filter',
  'headers',
  'include',
  'mime',
  'ssl',
]

/**
 * Writes the configuration. Every location shows the same documents; they differ in who may see them.
 * The log names a connection by an identifier that, unlike a port number, never comes back. It comes
 * into being with the first line in the error log, hence the debug level; documents, which may be
 * earlier, show the port instead.
 */
export function apacheConfig(settings: ApacheSettings): string {
  const { directory } = settings
  return `ServerRoot ${directory}
ServerName ${settings.name}
PidFile ${directory}/httpd.pid
DefaultRuntimeDir ${directory}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
${modules.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`).join('\n')}
ScriptSock ${directory}/cgid.sock
Listen 127.0.0.1:${settings.httpPort}
Listen 127.0.0.1:${settings.httpsPort} https
ErrorLog ${directory}/error.log
LogLevel warn ssl:error auth_gssapi:debug
LogFormat "%{c}L %u %X %>s %m %U" access
CustomLog ${directory}/access.log access
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 64
KeepAlive On
KeepAliveTimeout 900
MaxKeepAliveRequests 0
LimitRequestFieldSize 131072
Timeout 60
DeflateAlterETag NoChange
TypesConfig /etc/mime.types
DocumentRoot ${directory}/www
AliasMatch "^/(?:open|ntlm|kerberos|kerberos-bound)/([a-z.]+)$" "${directory}/www/$1"
<Directory ${directory}/www>
  Options +Includes +ExecCGI
  AddType text/html .shtml
  AddOutputFilter INCLUDES .shtml
  AddOutputFilter DEFLATE .txt
  AddHandler cgi-script .cgi
  SSIUndefinedEcho none
  ErrorDocument 401 "user=none"
  Require all granted
</Directory>
${protectedLocation('/ntlm', ['GssapiAllowedMech ntlmssp', 'GssapiConnectionBound On'])}
${kerberosLocations(settings.keytab)}
<VirtualHost 127.0.0.1:${settings.httpsPort}>
  SSLEngine on
  SSLCertificateFile ${directory}/server.crt
  SSLCertificateKeyFile ${directory}/server.key
</VirtualHost>
`
}

function kerberosLocations(keytab: string | undefined): string {
  if (keytab === undefined) return ''
  const krb5 = ['GssapiAllowedMech krb5', `GssapiCredStore keytab:${keytab}`]
  const each = protectedLocation('/kerberos/', [...krb5, 'GssapiConnectionBound Off'])
  return each + protectedLocation('/kerberos-bound/', [...krb5, 'GssapiConnectionBound On'])
}

function protectedLocation(path: string, lines: readonly string[]): string {
  return `<Location ${path}>
  AuthType GSSAPI
  AuthName lync
  ${lines.join('\n  ')}
  GssapiSignalPersistentAuth On
  Require valid-user
</Location>
`
}
