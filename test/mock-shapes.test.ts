import { expect, test } from "vitest";
import { operations } from "../src/conformance/operations.ts";
import { nameless, sdkMethods } from "./mock-methods.ts";
import { type Brought, firstAsked, known, requests, sent } from "./mock-requests.ts";
import { startMock } from "./mock-server.ts";
import { complaints, type Said } from "./mock-types.ts";

type Known = (typeof operations)[number];
type Answered = { operation: string; status: number; type: string; body: Buffer };

const methods = sdkMethods();
const overHttp = operations.filter(({ stream }) => stream !== "websocket");

test("every answer has the shape that the OpenAI SDK's types promise", {
  timeout: 60_000,
}, async () => {
  await using mock = await startMock();

  const answers = await askEverything(`${mock.url}/v1`);

  const refused = answers.filter(({ status }) => status < 200 || status > 299);
  expect(refused.map(({ operation, status, body }) => `${operation} ${status} ${body}`)).toEqual(
    [],
  );
  expect(new Set(answers.map(({ operation }) => operation)).size).toBe(overHttp.length);
  expect(answers.flatMap(mistyped)).toEqual([]);
  expect(await complaints(answers.flatMap(saidIn))).toEqual([]);
});

/** Asks each operation for what those before it made. */
async function askEverything(base: string): Promise<Answered[]> {
  const ids = new Map<string, string>(Object.entries(known));
  const answers: Answered[] = [];

  async function ask({ method, path }: Known, body?: Brought) {
    const target = path.replace(/\{\w+\}/g, (name, at: number) => idOf(path.slice(0, at), name));
    const answer = await fetch(base + withQuery(target), { method, ...sent(body) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const { status, headers } = answer;
    const type = headers.get("content-type") ?? "";
    answers.push({ operation: `${method} ${path}`, status, type, body: bytes });
    if (path.endsWith("}") || !type.startsWith("application/json")) return;
    const id = namedIn(JSON.parse(`${bytes}`));
    // Of models a list names those first that were tuned here; else what was made last is wanted.
    const isLater = method === "POST" || path === "/models" || !ids.has(path);
    if (id && status < 300 && isLater) ids.set(path, id);
  }

  function idOf(list: string, name: string): string {
    const place = list.slice(0, -1);
    // A project, its users and its groups are the organization's.
    const above = place.replace(/^\/projects(?=\/|$)/, "/organization/projects");
    return ids.get(place) ?? ids.get(above) ?? `mock${name.slice(1, -1)}`;
  }

  async function askAll(some: Known[]) {
    for (const operation of some) {
      const name = `${operation.method} ${operation.path}`;
      await askAll(named(firstAsked[name] ?? []));
      const bodies = [requests[name]?.((path) => ids.get(path) ?? "none")].flat();
      for (const body of bodies) await ask(operation, body);
    }
  }

  const depth = ({ path }: Known) => path.split("/").length;
  const sorted = overHttp.toSorted((one, other) => depth(one) - depth(other));
  const isList = ({ method, path }: Known) => method === "GET" && !path.endsWith("}");
  const makes = ({ method, path }: Known) =>
    method === "POST" && overHttp.some((other) => other.path.startsWith(`${path}/{`));
  await askAll(named(["POST /files", "POST /assistants"]));
  await askAll(
    sorted.filter((one) => isList(one) && /^\/organization\/(users|projects)$/.test(one.path)),
  );
  await askAll(sorted.filter(makes));
  await askAll(sorted.filter(isList));
  await askAll(sorted.filter((one) => one.method === "GET" && !isList(one)));
  await askAll(sorted.filter((one) => one.method === "POST" && !makes(one)));
  await askAll(sorted.filter((one) => one.method === "DELETE").toReversed());
  return answers;
}

function named(names: string[]): Known[] {
  return names.map((name) => overHttp.find(({ method, path }) => `${method} ${path}` === name)!);
}

function withQuery(target: string): string {
  return target.includes("/usage/") || target.endsWith("/costs")
    ? `${target}?start_time=1`
    : target;
}

/** The id of what an answer is about, or of the first in a list. */
function namedIn(answer: Record<string, unknown>): string | undefined {
  const one = Array.isArray(answer.data) ? answer.data[0] : answer;
  const { id, role, session, version, user_id, group_id } = one ?? {};
  return version ?? id ?? role?.id ?? session?.id ?? user_id ?? group_id;
}

function mistyped({ operation, type }: Answered): string[] {
  const [method, path] = operation.split(" ");
  const known = overHttp.find((one) => one.method === method && one.path === path)!;
  const [media = ""] = type.split(";");
  const isKnown = media === "" || known.response.length === 0 || known.response.includes(media);
  return isKnown ? [] : [`${operation} answers ${type}`];
}

/** What an answer says, for each method of the SDK that would get it. */
function saidIn({ operation, type, body }: Answered): Said[] {
  const asking = methods.filter((method) => method.operation === nameless(operation));
  const texts = type.startsWith("text/event-stream")
    ? [...`${body}`.matchAll(/^(?:event: (.*)\n)?data: (\{.*)$/gm)].map(([, event, json = ""]) =>
        event?.startsWith("thread.") ? `{ event: "${event}", data: ${json} }` : json,
      )
    : type.startsWith("application/json")
      ? [`${body}`]
      : [];
  const kind = type.startsWith("text/event-stream") ? "Event" : "Body";
  return asking.flatMap(({ name }) =>
    texts.map((json) => ({ operation, method: name, kind, json })),
  );
}
