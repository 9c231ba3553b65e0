// The bytes that clients and the upstream of the benchmark exchange.

/** One event of a stream, with the moment of its sending in it; all are equally long. */
export function toEvent(at: number): string {
  const data = `{"type":"response.output_text.delta","delta":" relay","at":${at.toFixed(1).padStart(16, "0")}}`;
  return `event: response.output_text.delta\ndata: ${data}\n\n`;
}

export const eventBytes = toEvent(0).length;

/** The moments in a piece of a stream. */
export function momentsIn(piece: string): number[] {
  return Array.from(piece.matchAll(/"at":([\d.]{16})/g), ([, at]) => Number(at));
}

/** The lines that OpenAI's answers carry besides their framing. */
export const answerFields = [
  "openai-organization: org-benchmark",
  "openai-processing-ms: 12",
  "openai-version: 2020-10-01",
  "x-ratelimit-limit-requests: 10000",
  "x-ratelimit-limit-tokens: 2000000",
  "x-ratelimit-remaining-requests: 9999",
  "x-ratelimit-remaining-tokens: 1999912",
  "x-ratelimit-reset-requests: 6ms",
  "x-ratelimit-reset-tokens: 2ms",
  "x-request-id: req_0123456789abcdef0123456789abcdef",
];

/** The head of an answer whose length is known, or of a chunked one. */
export function answerHead(type: string, bytes?: number): string {
  return lines(
    "HTTP/1.1 200 OK",
    "Date: Mon, 24 Nov 2025 16:00:00 GMT",
    `Content-Type: ${type}`,
    bytes === undefined ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes}`,
    "Connection: keep-alive",
    ...answerFields,
    "",
  );
}

/** What is answered to `askJson`. */
export const completion = JSON.stringify({
  id: "chatcmpl-CcXmNhJYvP0dTk4qLr7sWb2zGf8aQ",
  object: "chat.completion",
  created: 1764000000,
  model: "gpt-5-mini-2025-08-07",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "A relay hands on what it is given. ".repeat(8) },
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 24, completion_tokens: 64, total_tokens: 88 },
});

/** The lines that the official SDK's requests carry besides Host and framing. */
export const requestFields = [
  "Connection: keep-alive",
  "Accept: application/json",
  "Content-Type: application/json",
  "User-Agent: OpenAI/JS 6.9.0",
  "X-Stainless-Lang: js",
  "X-Stainless-Package-Version: 6.9.0",
  "X-Stainless-OS: Linux",
  "X-Stainless-Arch: x64",
  "X-Stainless-Runtime: node",
  "X-Stainless-Runtime-Version: v24.11.1",
  "X-Stainless-Retry-Count: 0",
  "Authorization: Bearer relay",
  "Accept-Encoding: gzip, deflate",
];

/** The body of a request for a completion. */
export const question = JSON.stringify({
  model: "gpt-5-mini",
  messages: [
    { role: "developer", content: "You are a helpful assistant. Answer in one sentence." },
    { role: "user", content: "What does a relay do with the bytes that it is given?" },
  ],
  temperature: 0.2,
});

/** A request for a completion, whole. */
export const askJson = post("/v1/chat/completions", question);

/** Asks for a stream: an event every so many milliseconds; 0: as fast as they are taken, for ever. */
export function askStream(everyMs: number, events: number): string {
  return post(`/v1/responses?every=${everyMs}&events=${events}`, question);
}

/** The head of an upload; its bytes follow. */
export function askUpload(bytes: number): string {
  return requestHead("POST", "/v1/files", `Content-Length: ${bytes}`);
}

export function askDownload(bytes: number): string {
  return requestHead("GET", `/v1/files/content?bytes=${bytes}`);
}

/** A WebSocket's handshake. */
export const askTunnel = requestHead(
  "GET",
  "/v1/realtime?model=gpt-realtime",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
).replace("Connection: keep-alive", "Connection: Upgrade");

/** What upstream answers to it. */
export const tunnelHead = lines(
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: BACScCJPNqyz+UBoqMH89VmURoA=",
  "",
);

/** One masked text message of 100 bytes, which upstream sends back as it is. */
export const message = Buffer.concat([
  Buffer.from([0x81, 0x80 | 100, 0, 0, 0, 0]),
  Buffer.alloc(100, "x"),
]);

function post(target: string, body: string): string {
  return requestHead("POST", target, `Content-Length: ${body.length}`) + body;
}

function requestHead(method: string, target: string, ...more: string[]): string {
  return lines(`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1", ...requestFields, ...more, "");
}

function lines(...list: string[]): string {
  return list.map((line) => `${line}\r\n`).join("");
}
