/** Lines that nginx needs as a back end and as a proxy. */
import type { BenchFiles } from './files.ts'

/** The small answer: 42 bytes. */
export const BODY = 'x'.repeat(42)

export const nginxCommon = (directory: string, name: string): string =>
  `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; pid ${directory}/${name}.pid; error_log stderr error; worker_processes 1; worker_rlimit_nofile 20000; events { worker_connections 20000; }`

export const nginxHttp = ({ directory, own }: BenchFiles): string =>
  `access_log off; keepalive_requests 100000000; keepalive_timeout 1800s; client_max_body_size 0;
  client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory}; uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  ssl_certificate ${own.certificate}; ssl_certificate_key ${own.key}; ssl_protocols TLSv1.2 TLSv1.3;`
