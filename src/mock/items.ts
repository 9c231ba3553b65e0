import { idOf } from "./answer.ts";
import { type Fields, isObject } from "./fields.ts";

const prefixes = new Map(
  Object.entries({
    message: "msg_",
    reasoning: "rs_",
    function_call: "fc_",
    function_call_output: "fco_",
    custom_tool_call: "ctc_",
    custom_tool_call_output: "ctco_",
  }),
);

export type Item = Fields & { id: string };

/** What a request says, as the items that are kept of it: each with an id, a type and parts for content. */
export function itemsOf(input: unknown, seed: string): Item[] {
  if (typeof input === "string") {
    return input === "" ? [] : itemsOf([{ role: "user", content: input }], seed);
  }
  const list = Array.isArray(input) ? input.filter(isObject) : [];
  return list.map((item, index) => itemOf(item, `${seed} ${index}`));
}

function itemOf(item: Fields, seed: string): Item {
  const type = typeof item.type === "string" ? item.type : "message";
  const prefix = prefixes.get(type) ?? "item_";
  const id = typeof item.id === "string" && item.id ? item.id : idOf(prefix, seed);
  if (type !== "message") return { ...item, id, type };
  const { role = "user", status = "completed", content } = item;
  const kind =
    role === "assistant"
      ? { type: "output_text", annotations: [], logprobs: [] }
      : { type: "input_text" };
  const parts = typeof content === "string" ? [{ ...kind, text: content }] : content;
  return { ...item, id, type, role, status, content: parts ?? [] };
}
