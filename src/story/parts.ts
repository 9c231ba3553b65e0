import { type Fields, fieldsOf, objectsOf, stringOf, textOf } from "./json.ts";
import type { PromptPart } from "./prompt.ts";

type Kind = PromptPart["kind"];

/** The parts of a prompt in the order in which the model reads them: tools come first. */
export function partsOf(body: Fields): PromptPart[] {
  const { instructions, additional_instructions: more } = body;
  return [
    ...toolsOf(body),
    ...said("instructions", "system", instructions),
    ...said("additional_instructions", "system", more),
    ...["messages", "additional_messages", "input", "prompt"].flatMap((name) => {
      return listOf(name, body[name]);
    }),
  ];
}

function toolsOf({ tools, functions }: Fields): PromptPart[] {
  const named = { tools, functions };
  return Object.entries(named).flatMap(([list, value]) =>
    objectsOf(value).map((tool, i): PromptPart => {
      const about = fieldsOf(tool.function) ?? fieldsOf(tool.custom) ?? tool;
      const name = stringOf(about.name) ?? stringOf(tool.server_label) ?? textOf(tool.type);
      const path = `${list}[${i}]`;
      return { path, role: "tools", kind: "tool", text: JSON.stringify(tool), name };
    }),
  );
}

/** Messages, items, or what is one or several texts. */
function listOf(path: string, value: unknown): PromptPart[] {
  if (!Array.isArray(value)) return fieldsOf(value) ? [] : said(path, "user", value);
  return value.flatMap((one, i) => {
    const item = fieldsOf(one);
    return item ? itemOf(`${path}[${i}]`, item) : said(`${path}[${i}]`, "user", one);
  });
}

function said(path: string, role: string, value: unknown): PromptPart[] {
  const text = textOf(value);
  return text === "" ? [] : [{ path, role, kind: "text", text }];
}

function itemOf(path: string, item: Fields): PromptPart[] {
  const type = stringOf(item.type);
  const role = stringOf(item.role);
  if (role === undefined && type !== undefined && type !== "message")
    return [stepOf(path, type, item)];
  const { content, tool_calls: calls, tool_call_id: id } = item;
  const parts = Array.isArray(content)
    ? objectsOf(content).map((part, i) => partOf(`${path}.content[${i}]`, role ?? "user", part))
    : said(`${path}.content`, role ?? "user", content);
  const results = role === "tool" || role === "function";
  return [
    ...parts.map((part): PromptPart => {
      return results ? { ...part, kind: "result", name: stringOf(id ?? item.name) ?? "" } : part;
    }),
    ...said(`${path}.refusal`, role ?? "assistant", item.refusal),
    ...objectsOf(calls).map((call, i) => callOf(`${path}.tool_calls[${i}]`, call)),
  ];
}

function callOf(path: string, call: Fields): PromptPart {
  const what = fieldsOf(call.function) ?? fieldsOf(call.custom) ?? {};
  const text = textOf(what.arguments ?? what.input);
  return { path, role: "assistant", kind: "call", text, name: textOf(what.name) };
}

/** An item of a response that is no message. */
function stepOf(path: string, type: string, item: Fields): PromptPart {
  if (type.endsWith("_output"))
    return {
      path,
      role: "tool",
      kind: "result",
      text: textOf(item.output),
      name: textOf(item.call_id),
    };
  if (type.endsWith("_call")) {
    const text = textOf(item.arguments ?? item.input ?? item.action ?? item.code);
    return { path, role: "assistant", kind: "call", text, name: stringOf(item.name) ?? type };
  }
  if (type === "reasoning") {
    const text = objectsOf(item.summary)
      .map((part) => textOf(part.text))
      .join("\n");
    return { path, role: "assistant", kind: "other", text, name: "reasoning" };
  }
  // A part of a message stands where items do, or something that is not known here.
  const part = partOf(path, "user", item);
  return part.kind === "other" ? { ...part, name: type } : part;
}

const kinds: { [type: string]: Kind } = {
  text: "text",
  input_text: "text",
  output_text: "text",
  refusal: "text",
  image_url: "image",
  input_image: "image",
  image_file: "image",
  input_audio: "audio",
  output_audio: "audio",
  file: "file",
  input_file: "file",
};

function partOf(path: string, role: string, part: Fields): PromptPart {
  const kind = kinds[textOf(part.type)] ?? "other";
  if (kind === "text") {
    const text = fieldsOf(part.text)?.value ?? part.text ?? part.refusal;
    return { path, role, kind, text: textOf(text) };
  }
  const inside = fieldsOf(part[textOf(part.type)]) ?? part;
  const url = fieldsOf(part.image_url)?.url ?? part.image_url ?? part.file_url ?? inside.url;
  const id = inside.file_id ?? part.transcript;
  const name = stringOf(inside.filename);
  const data = stringOf(inside.data) ?? stringOf(inside.file_data) ?? stringOf(inside.audio);
  const text = textOf(url ?? id ?? data ?? part);
  return { path, role, kind, text, ...(name !== undefined && { name }) };
}
