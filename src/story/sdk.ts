import { type Fields, fieldsOf, parseJson } from "./json.ts";
import { headersFor, type Request, type Snippet } from "./snippet.ts";
import { textIn } from "./text.ts";

/** Operations that both SDKs have a method for which takes the body as it is. */
const methods: { [path: string]: string } = {
  "/chat/completions": "chat.completions.create",
  "/completions": "completions.create",
  "/responses": "responses.create",
  "/embeddings": "embeddings.create",
  "/moderations": "moderations.create",
  "/images/generations": "images.generate",
  "/audio/speech": "audio.speech.create",
};

/** The same call with OpenAI's SDK for Node, or where that has no such method with fetch. */
export function toNode(request: Request): Snippet {
  const call = methodOf(request);
  if (!call) return toFetch(request);
  const { method, body } = call;
  const answer = method.startsWith("audio.")
    ? "process.stdout.write(Buffer.from(await answer.arrayBuffer()));"
    : body.stream === true
      ? "for await (const event of answer) console.log(event);"
      : "console.log(answer);";
  const code = [
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: ${JSON.stringify(request.baseUrl)} });`,
    "",
    `const answer = await client.${method}(${JSON.stringify(body, null, 2)});`,
    answer,
  ];
  return { code: code.join("\n") };
}

/** The same call with OpenAI's SDK for Python. */
export function toPython(request: Request): Snippet {
  const { baseUrl } = request;
  const head = ["from openai import OpenAI", "", `client = OpenAI(base_url=${toLiteral(baseUrl)})`];
  const call = methodOf(request);
  if (!call) return toPost(request, head);
  const { method, body } = call;
  const given = Object.entries(body).map(([name, value]) => {
    return `    ${name}=${toLiteral(value, "    ")},`;
  });
  const answer = method.startsWith("audio.")
    ? 'answer.write_to_file("speech")'
    : body.stream === true
      ? "for event in answer:\n    print(event)"
      : "print(answer)";
  const code = [...head, "", `answer = client.${method}(`, ...given, ")", answer];
  return { code: code.join("\n") };
}

/** Names that can stand in front of `=` in Python. */
const argument =
  /^(?!(?:from|class|import|def|for|in|is|if|or|and|not|as|with|None|True|False)$)[a-z_]\w*$/;

function methodOf({ method, target, body, baseUrl }: Request) {
  const path = pathOf(target, baseUrl);
  const name = Object.hasOwn(methods, path) ? methods[path] : undefined;
  const fields = body && fieldsOf(parseJson(textIn(body) ?? ""));
  if (method !== "POST" || !name || !fields) return undefined;
  if (!Object.keys(fields).every((one) => argument.test(one))) return undefined;
  return { method: name, body: fields };
}

/** Without what the base URL has already; a client may leave that out. */
function pathOf(target: string, baseUrl: string): string {
  const { pathname } = new URL(baseUrl);
  const base = pathname.replace(/\/$/, "");
  return target.startsWith(`${base}/`) ? target.slice(base.length) : target;
}

function toFetch(request: Request): Snippet {
  const { baseUrl, method, target, body = new Uint8Array(), id } = request;
  const url = new URL(baseUrl).origin + target;
  const text = textIn(body);
  const json = text === undefined ? undefined : fieldsOf(parseJson(text));
  const said = json
    ? `JSON.stringify(${JSON.stringify(json, null, 2).replaceAll("\n", "\n  ")})`
    : text === undefined
      ? `await readFile("body-${id}")`
      : JSON.stringify(text);
  const headers = headersFor(request).map(([name, value]) => {
    return `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`;
  });
  const code = [
    ...(text === undefined ? ['import { readFile } from "node:fs/promises";', ""] : []),
    `const answer = await fetch(${JSON.stringify(url)}, {`,
    `  method: ${JSON.stringify(method)},`,
    "  headers: {",
    '    Authorization: "Bearer " + process.env.OPENAI_API_KEY,',
    ...headers,
    "  },",
    ...(body.length > 0 ? [`  body: ${said},`] : []),
    "});",
    "console.log(answer.status, await answer.text());",
  ];
  const remark = `First save the body: relay show ${id} --body request > body-${id}`;
  return { code: code.join("\n"), ...(text === undefined && { remark }) };
}

/** What the SDK has for operations without a method. */
function toPost(request: Request, head: string[]): Snippet {
  const { method, target, baseUrl, body = new Uint8Array() } = request;
  const verb = method.toLowerCase();
  const path = toLiteral(pathOf(target, baseUrl));
  const fields = fieldsOf(parseJson(textIn(body) ?? ""));
  if (!/^(?:get|post|put|patch|delete)$/.test(verb) || (body.length > 0 && !fields))
    return { code: "", remark: "OpenAI's SDK has no short way to send this. Use curl." };
  const given = fields ? `, body=${toLiteral(fields)}` : "";
  const code = [
    ...head,
    "",
    `answer = client.${verb}(${path}, cast_to=object${given})`,
    "print(answer)",
  ];
  return { code: code.join("\n") };
}

const words: { [json: string]: string } = { null: "None", true: "True", false: "False" };

/** A value of JSON in Python. */
function toLiteral(value: unknown, indent = ""): string {
  const inner = `${indent}    `;
  const block = (open: string, parts: string[], close: string) =>
    parts.length === 0
      ? open + close
      : `${open}\n${inner}${parts.join(`,\n${inner}`)},\n${indent}${close}`;
  if (Array.isArray(value))
    return block(
      "[",
      value.map((one) => toLiteral(one, inner)),
      "]",
    );
  const fields: Fields | undefined = fieldsOf(value);
  if (fields) {
    const pairs = Object.entries(fields).map(([name, one]) => {
      return `${JSON.stringify(name)}: ${toLiteral(one, inner)}`;
    });
    return block("{", pairs, "}");
  }
  const json = JSON.stringify(value);
  return words[json] ?? json;
}
