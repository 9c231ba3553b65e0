const size = (text: string) => Buffer.byteLength(text, "latin1");

/** Requests with a secret in each place where one may stand, well-formed or not. `proof`: lets them in. */
export function requestsWith(secret: string, proof: string): string[] {
  const lines = (...more: string[]) => ["Host: localhost", "Connection: close", ...more, "", ""];
  const get = (target: string, ...more: string[]) =>
    [`GET ${target} HTTP/1.1`, ...lines(`x-relay-token: ${proof}`, ...more)].join("\r\n");
  const bare = (start: string, ...more: string[]) =>
    [start, ...more, "Connection: close", "", ""].join("\r\n");
  const post = (type: string, body: string, ...more: string[]) =>
    get("/v1/responses", `Content-Type: ${type}`, `Content-Length: ${size(body)}`, ...more).replace(
      "GET",
      "POST",
    ) + body;
  const upgrade = ["Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const form = `--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${secret}\r\n--b\r\nContent-Disposition: form-data; name="${secret}"\r\n\r\nx\r\n--b--\r\n`;

  return [
    get(`/v1/files/${secret}`),
    get(`/v1/${encodeURIComponent(secret)}/${Buffer.from(secret).toString("base64url")}`),
    get(`/v1/reset/${secret}`),
    get(`/v1/garbage/${secret}`),
    get(`/v1/half/${secret}`),
    get(`/v1/../${secret}`),
    get(`/_relay/${secret}`),
    get(`/v1/models?api_key=${secret}`),
    get(`/v1/models#${secret}`),
    get(`http://user:${secret}@localhost/v1/models`),
    get("/v1/models", `Authorization: Bearer ${secret}`),
    get("/v1/models", `api-key: ${secret}`),
    get("/v1/models", `Cookie: session=${secret}`, `Referer: https://a.example/?${secret}`),
    get("/v1/models", `x-${secret.replace(/[^\w-]/g, "")}: ${secret}`, `Connection: ${secret}`),
    get("/v1/realtime", ...upgrade, `Sec-WebSocket-Protocol: openai-insecure-api-key.${secret}`),
    get("/v1/models", `Origin: https://${secret}`),
    get("/v1/models", `Origin: ${secret}`),
    get("/v1/models", `Expect: ${secret}`),
    get("/v1/models", `Transfer-Encoding: ${secret}`),
    get("/v1/models", `Content-Length: ${secret}`),
    get("/v1/models", `x-relay-token: ${secret}`),
    post(`text/${secret}`, "x"),
    post("application/json", JSON.stringify({ model: secret, input: secret })),
    post("application/json", `{"model": ${secret}`),
    post("application/json", "x", `Content-Encoding: ${secret}`),
    post("multipart/form-data; boundary=b", form),
    post(`multipart/form-data; boundary=${secret}`, form),
    `POST /v1/files HTTP/1.1\r\nHost: localhost\r\nx-relay-token: ${proof}\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1;${secret}=1\r\nx\r\n0\r\nx: ${secret}\r\n\r\n`,
    `POST /v1/files HTTP/1.1\r\nHost: localhost\r\nx-relay-token: ${proof}\r\nTransfer-Encoding: chunked\r\n\r\n${secret}\r\n\r\n`,
    bare("GET /v1/models HTTP/1.1", `Host: ${secret}`),
    bare("GET /v1/models HTTP/1.1", `Host: ${secret}.example:80`),
    bare(`GET /v1/${secret} HTTP/1.1`, "Host: localhost"),
    bare(`GET ${secret} HTTP/1.1`, "Host: localhost"),
    bare(`GET /${secret} HTTP/2.0`, "Host: localhost"),
    bare(`CONNECT ${secret}:443 HTTP/1.1`, `Host: ${secret}:443`),
    bare(`TRACE /v1/${secret} HTTP/1.1`, "Host: localhost"),
    bare(`${secret} /v1/models HTTP/1.1`, "Host: localhost"),
    bare("GET /v1/models HTTP/1.1", "Host: localhost", secret),
    bare(secret),
    `\x16\x03\x01\x02\x00\x01${secret}`,
  ];
}
