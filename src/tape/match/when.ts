import * as v from "valibot";
import type { Asked, When } from "../entry.ts";

// What of a request is read here, of Chat Completions, Responses and Embeddings, and nothing else.
const part = v.union([
  v.string(),
  v.pipe(
    v.looseObject({ text: v.string() }),
    v.transform((p) => p.text),
  ),
]);
const content = v.fallback(
  v.union([
    v.pipe(
      v.string(),
      v.transform((text) => [text]),
    ),
    v.array(v.fallback(part, "")),
  ]),
  [],
);
const message = v.object({
  role: v.optional(v.string()),
  type: v.optional(v.string()),
  content,
  output: content,
  tool_call_id: v.optional(v.string()),
  call_id: v.optional(v.string()),
});
const messages = v.array(v.fallback(message, { content: [], output: [] }));
const named = v.looseObject({
  name: v.optional(v.string()),
  function: v.optional(v.looseObject({ name: v.optional(v.string()) })),
});
const request = v.looseObject({
  model: v.optional(v.string()),
  stream: v.nullish(v.boolean()),
  messages: v.fallback(v.optional(messages), undefined),
  input: v.optional(v.unknown()),
  prompt: v.fallback(v.optional(v.string()), undefined),
  instructions: v.nullish(v.string()),
  tools: v.fallback(v.nullish(v.array(named)), undefined),
  response_format: v.nullish(v.looseObject({ type: v.optional(v.string()) })),
  text: v.fallback(
    v.nullish(
      v.looseObject({ format: v.nullish(v.looseObject({ type: v.optional(v.string()) })) }),
    ),
    undefined,
  ),
});

type Message = v.InferOutput<typeof message>;

/** Whether a request meets all that an imported recording asks for. */
export function meets(asked: Asked, recorded: Asked): boolean {
  const { method, path, when } = recorded;
  if (!when || asked.upgrade || asked.method !== method || asked.path !== path) return false;
  return unmet(asked, when).length === 0;
}

/** The conditions that a request does not meet. */
export function unmet({ body }: Asked, when: When): (keyof When)[] {
  // A form says nothing of what is asked for here.
  const said = v.safeParse(request, body && "json" in body ? body.json : {});
  const names = Object.keys(when) as (keyof When)[];
  return names.filter((name) => !said.success || !isMet(said.output, when, name));
}

function isMet<K extends keyof When>(said: Said, when: When, name: K): boolean {
  // Files may have been written by hand.
  return Object.hasOwn(checks, name) && checks[name](said, when[name]!);
}

type Said = v.InferOutput<typeof request>;
type Wanted = Required<When>;
type Checks = { [K in keyof Wanted]: (said: Said, wanted: NonNullable<When[K]>) => boolean };

const checks: Checks = {
  model: ({ model }, wanted) => model === wanted,
  stream: ({ stream }, wanted) => (stream ?? false) === wanted,
  user(said, wanted) {
    const texts = listOf(said).filter(
      ({ role, content }) => role === "user" && content.join("") !== "",
    );
    return texts.at(-1)?.content.join("").includes(wanted) ?? false;
  },
  system(said, wanted) {
    const texts = listOf(said).filter(({ role }) => role === "system" || role === "developer");
    const all = [said.instructions ?? "", ...texts.map(({ content }) => content.join(""))].join(
      "\n",
    );
    return wanted.every((text) => all.includes(text));
  },
  input: ({ input }, wanted) => v.parse(content, input).join(" ").includes(wanted),
  tool: ({ tools }, wanted) =>
    (tools ?? []).some((tool) => (tool.name ?? tool.function?.name) === wanted),
  call(said, wanted) {
    const last = listOf(said).findLast(isResult);
    return (last?.tool_call_id ?? last?.call_id) === wanted;
  },
  result(said, wanted) {
    const last = listOf(said).at(-1);
    if (!last || !isResult(last)) return false;
    return [...last.content, ...last.output].join("").includes(wanted);
  },
  hasResult(said, wanted) {
    const list = listOf(said);
    const turn = list.slice(list.findLastIndex(({ role }) => role === "user") + 1);
    return turn.some(isResult) === wanted;
  },
  turn: (said, wanted) => listOf(said).filter(({ role }) => role === "assistant").length === wanted,
  format: (said, wanted) => (said.response_format?.type ?? said.text?.format?.type) === wanted,
};

/** The conversation; a plain text is what the user says. */
function listOf({ messages: list, input, prompt }: Said): Message[] {
  if (list) return list;
  const text = typeof input === "string" ? input : prompt;
  if (text !== undefined) return [{ role: "user", content: [text], output: [] }];
  return v.is(v.array(v.unknown()), input) ? v.parse(messages, input) : [];
}

function isResult({ role, type }: Message): boolean {
  return role === "tool" || type === "function_call_output";
}
