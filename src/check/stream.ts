import { randomUUID } from "node:crypto";
import type { RelayError } from "../errors.ts";
import type { Exchange, HeaderList } from "../exchange.ts";
import { LocalReply } from "../server/local-reply.ts";
import { refuseOthers, refuseRelayError, relayFailure, sayingOf } from "./answer.ts";
import { refuseDenied } from "./denied.ts";
import type { HttpParts } from "./http.ts";
import { judge, type Rhythm, suspect } from "./rhythm.ts";
import { CheckFailure, count, type Finding, type Step, skipped } from "./step.ts";
import { type Other, questionHeaders, withoutSecrets } from "./talk.ts";

/** Those that cost next to nothing and do not think first. */
const cheap = ["gpt-4.1-nano", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5-nano", "gpt-5-mini"];

const maxTokens = 200;

type Known = { models: () => string[]; told: HeaderList[] };

/** Whether a streamed answer arrives as it is made. This call is billed. */
export function streamStep(parts: HttpParts, { models, told }: Known): Step {
  const { other, deep, keyless, remark, seen, sent, slowMs } = parts;

  async function run(signal: AbortSignal): Promise<Finding> {
    if (!deep) return skipped("not tried (add --deep: one streamed call, which is billed)");
    if (keyless) return skipped(keyless);
    const model = parts.model ?? cheap.find((name) => models().includes(name));
    if (model === undefined) return skipped("no model that is known to be cheap: add --model NAME");
    remark(`--deep asks ${model} for up to ${maxTokens} tokens, which are billed as any call.`);
    const streamed = await askStream(other, model, signal);
    const { answer, rhythm } = streamed;
    refuseRelayError(answer);
    refuseOthers(answer, other.name, "POST /v1/chat/completions");
    refuseDenied(answer, sent());
    if (answer.status !== 200) throw refusal(model, answer.status, sayingOf(answer));
    told.push(answer.headers);

    const detail = describe(rhythm, usageIn(answer.body));
    const verdict = judge(rhythm);
    if (verdict === "smooth") return { detail };
    if (verdict === "unknown") return { detail: `${detail}; too short to tell more` };
    const culprit = suspect(answer.headers, { ...seen, upstream: other.name });
    const what = verdict === "held" ? "is held back until it is complete" : "arrives in lumps";
    throw new CheckFailure(7, `the stream ${what}: ${detail}`, culprit);
  }

  const limit = { ms: slowMs, late: tooSlow };
  return { name: "stream", needs: ["auth"], doing: "one streamed call", limit, run };
}

function tooSlow(seconds: number): CheckFailure {
  const hint = "Try another --model, one that does not think first; --timeout waits longer.";
  return new CheckFailure(7, `the stream is not complete after ${seconds} s`, hint);
}

function refusal(model: string, status: number, said: string): CheckFailure {
  const hint = 'Name another model with --model; "relay curl models" lists them.';
  return new CheckFailure(5, `${model} gives no stream: ${`${status} ${said}`.trim()}`, hint);
}

function describe({ events, slices, endMs }: Rhythm, usage: string): string {
  const first = Math.round(slices[0]?.ms ?? endMs);
  const all = `${count(events, "event")} in ${count(slices.length, "slice")}`;
  const seconds = (endMs / 1000).toFixed(1);
  return `first slice after ${first} ms, ${all}, complete after ${seconds} s${usage}`;
}

/** What it has cost, where the answer says so. */
function usageIn(body: Buffer): string {
  const [, input] = /"prompt_tokens":\s*(\d+)/.exec(body.toString()) ?? [];
  const [, output] = /"completion_tokens":\s*(\d+)/.exec(body.toString()) ?? [];
  return input && output ? `; used ${input} tokens in, ${output} out` : "";
}

type Streamed = {
  answer: { status: number; headers: HeaderList; body: Buffer };
  rhythm: Rhythm;
};

/** Asks for something long enough to see how it arrives. */
function askStream(other: Other, model: string, signal: AbortSignal): Promise<Streamed> {
  const question = "Write the numbers from 1 to 40 in digits, separated by spaces.";
  const body = Buffer.from(
    JSON.stringify({
      model,
      messages: [{ role: "user", content: question }],
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: maxTokens,
    }),
  );
  const startedAt = performance.now();
  const since = () => performance.now() - startedAt;
  const { promise, resolve, reject } = Promise.withResolvers<Streamed>();
  const got = { status: 0, headers: [] as HeaderList };
  const chunks: Buffer[] = [];
  const slices: Rhythm["slices"] = [];

  const reply = new LocalReply("POST", {
    head: (status, _reason, headers) => void Object.assign(got, { status, headers }),
    data(chunk) {
      chunks.push(chunk);
      slices.push({ ms: since(), bytes: chunk.length });
      return true;
    },
    done(error: RelayError | undefined) {
      if (error) return reject(relayFailure(error));
      const all = withoutSecrets(Buffer.concat(chunks), other);
      const events = all.toString().match(/^data:/gm)?.length ?? 0;
      resolve({ answer: { ...got, body: all }, rhythm: { events, slices, endMs: since() } });
    },
  });
  signal.addEventListener("abort", () => reply.leave(), { once: true });
  other.answer(toExchange(other, body, startedAt), reply);
  return promise;
}

function toExchange(other: Other, body: Buffer, startedAt: number): Exchange {
  const type = ["Content-Type", "application/json", "Content-Length", `${body.length}`];
  const headers = [...questionHeaders(other, "text/event-stream"), ...type];
  return {
    ...{ id: randomUUID(), method: "POST", target: "/v1/chat/completions", headers },
    ...{ body, bodyLength: body.length, bytesIn: body.length, startedAt },
  };
}
