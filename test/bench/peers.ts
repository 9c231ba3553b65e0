import { answerFields, completion } from "./wire.ts";

// Other proxies, told to do what the relay does: stream both ways, put a key on, keep connections.

export function nginxProxy(folder: string, port: number, upstreamPort: number): string {
  return nginx(
    folder,
    `upstream up {
      server 127.0.0.1:${upstreamPort};
      keepalive 4096;
      keepalive_requests 1000000000;
      keepalive_time 1d;
    }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      location / {
        proxy_pass http://up;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Authorization "Bearer nginx";
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_read_timeout 1d;
      }
    }`,
  );
}

/** An upstream for completions only that needs less of the core it shares with the load. */
export function nginxUpstream(folder: string, port: number): string {
  const fields = answerFields.map((line) => line.split(": "));
  return nginx(
    folder,
    `server {
      listen 127.0.0.1:${port} backlog=4096;
      location = /v1/chat/completions {
        default_type application/json;
        ${fields.map(([name, value]) => `add_header ${name} "${value}";`).join("\n        ")}
        return 200 '${completion}';
      }
    }`,
  );
}

function nginx(folder: string, inside: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  keepalive_time 1d;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  ${inside}
}
`;
}

export function haproxyProxy(port: number, upstreamPort: number): string {
  return `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option http-no-delay
  http-reuse always
  timeout connect 10s
  timeout client 1d
  timeout server 1d
frontend in
  bind 127.0.0.1:${port} backlog 4096
  default_backend up
backend up
  http-request set-header Authorization "Bearer haproxy"
  server up 127.0.0.1:${upstreamPort} pool-max-conn 4096
`;
}

export function caddyProxy(port: number, upstreamPort: number): string {
  const reverseProxy = {
    handler: "reverse_proxy",
    flush_interval: -1,
    headers: { request: { set: { Authorization: ["Bearer caddy"] } } },
    transport: {
      protocol: "http",
      compression: false,
      keep_alive: { max_idle_conns_per_host: 4096 },
    },
    upstreams: [{ dial: `127.0.0.1:${upstreamPort}` }],
  };
  const server = {
    listen: [`127.0.0.1:${port}`],
    automatic_https: { disable: true },
    routes: [{ handle: [reverseProxy] }],
  };
  return JSON.stringify({
    admin: { disabled: true },
    logging: { logs: { default: { level: "ERROR" } } },
    apps: { http: { servers: { relay: server } } },
  });
}
