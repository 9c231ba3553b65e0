import { idOf } from "./answer.ts";
import { type Fields, isObject, textIn } from "./fields.ts";
import { instanceOf } from "./instance.ts";
import type { Said, ToolCall } from "./said.ts";
import { speak } from "./speech.ts";

/** A tool whose calls the client answers: a function with JSON for arguments, or a custom one with text. */
export type Tool = { kind: "function" | "custom"; name: string; parameters?: unknown };

/** A call as a model writes it; of a custom tool, `arguments` are any text. */
export type Call = ToolCall & { isCustom?: boolean };

/** What a model says in its turn: a text, or calls of tools. */
export type Turn = { text: string; toolCalls: Call[] };

type Asking = {
  /** What the user said last. */
  words: string;
  tools: Tool[];
  /** `auto`, `none`, `required`, or what names a tool. */
  choice: unknown;
  /** Whether tools have answered since. */
  hasResults: boolean;
  /** The format that the text is asked in: `json_schema`, `json_object`, or none. */
  format: unknown;
  /** What it has been told to say. */
  said?: Said | undefined;
  digest: string;
};

/**
 * The mock calls a tool where it has to, or where the user's words name it: it must not be that a program
 * runs what nobody thought of. Once tools have answered it says so in words.
 */
export function takeTurn(asking: Asking): Turn {
  const { words, tools, choice, hasResults, format, said, digest } = asking;
  if (said) return said;
  const called = hasResults ? [] : calledTools(tools, choice, words);
  const toolCalls = called.map(({ kind, name, parameters }, index) => ({
    id: idOf("call_", `${digest} ${index}`),
    name,
    ...(kind === "custom"
      ? { isCustom: true, arguments: speak(words) }
      : { arguments: JSON.stringify(instanceOf(parameters ?? {}) ?? {}) }),
  }));
  return { text: toolCalls.length > 0 ? "" : answerIn(format, words), toolCalls };
}

function calledTools(tools: Tool[], choice: unknown, words: string): Tool[] {
  if (choice === "none") return [];
  const named = nameOf(choice);
  if (named) return tools.filter(({ name }) => name === named).slice(0, 1);
  const mentioned = tools.filter(({ name }) => mentions(words, name));
  if (mentioned.length > 0) return mentioned;
  return choice === "required" || modeOf(choice) === "required" ? tools.slice(0, 1) : [];
}

function mentions(words: string, name: string): boolean {
  return name !== "" && words.split(/[^\w.-]+/).some((word) => word.replace(/\.$/, "") === name);
}

/** The tool that a choice names, in any of the forms that the APIs have. */
function nameOf(choice: unknown): string | undefined {
  if (!isObject(choice)) return undefined;
  const holders: unknown[] = [choice, choice.function, choice.custom];
  return holders
    .filter(isObject)
    .map(({ name }) => name)
    .find((name) => typeof name === "string") as string | undefined;
}

function modeOf(choice: unknown): unknown {
  if (!isObject(choice)) return undefined;
  return isObject(choice.allowed_tools) ? choice.allowed_tools.mode : choice.mode;
}

function answerIn(format: unknown, words: string): string {
  if (!isObject(format)) return speak(words);
  if (format.type === "json_object") return JSON.stringify({ answer: speak(words) });
  if (format.type !== "json_schema") return speak(words);
  const { schema } = isObject(format.json_schema) ? format.json_schema : format;
  return JSON.stringify(instanceOf(schema ?? {}));
}

/** The tools of a request whose calls the client answers, in the forms of all APIs. */
export function toolsOf(list: unknown): Tool[] {
  const all: Fields[] = Array.isArray(list) ? list.filter(isObject) : [];
  return all.flatMap((tool) => {
    if (tool.type !== "function" && tool.type !== "custom") return [];
    const inner = tool[tool.type];
    const about = isObject(inner) ? inner : tool;
    return [{ kind: tool.type, name: textIn(about, "name"), parameters: about.parameters }];
  });
}
