import { printable } from "../config/shown.ts";
import { ExitError } from "../exit.ts";
import type { Call } from "../journal/call.ts";
import { openReader, type Reader } from "../journal/reader.ts";
import { type Asking, chainOf, type Link, toChain } from "../story/chain.ts";
import { fieldsOf, parseJson } from "../story/json.ts";
import { textIn } from "../story/text.ts";
import { columnsOf, cut } from "../terminal/columns.ts";
import { createPaint } from "../terminal/paint.ts";
import { bytesOf, findCall, notCaptured, readCaptured } from "./captured.ts";
import { grouped } from "./figures.ts";
import { folded } from "./fold.ts";
import type { Page } from "./text.ts";

/** Calls in which the conversation is looked for. */
const usual = 200;

/** Says of each call of a conversation where its prompt parts from the one that it goes on from. */
export async function diffChain(file: string, id: string, options: { json?: true }): Promise<void> {
  const reader = openReader(file);
  try {
    const call = findCall(reader, id);
    const askings = await askingsBefore(reader, call);
    if (!askings.some((one) => one.call.id === call.id))
      throw new ExitError(1, whyNot(reader, call));
    const links = chainOf(toChain(askings), call.id);
    const calls = new Map(askings.map((one) => [one.call.id, one.call]));
    if (options.json) process.stdout.write(`${JSON.stringify({ version: 1, chain: links })}\n`);
    else print(links, calls);
  } finally {
    reader.close();
  }
}

/** What was asked by this call and the ones before it, where it was captured and is JSON. */
export async function askingsBefore(reader: Reader, call: Call, most = usual): Promise<Asking[]> {
  const calls = reader.list({ path: call.path }, { before: call.seq + 1, limit: most });
  const askings: Asking[] = [];
  for (const one of calls) {
    const captured = one.isCaptured ? await readCaptured(reader, one) : undefined;
    const text = captured && textIn(bytesOf(captured.asked));
    const body = text === undefined ? undefined : fieldsOf(parseJson(text));
    if (body && one.kind === "http") askings.push({ call: one, body });
  }
  return askings;
}

export function whyNot(reader: Reader, call: Call): string {
  if (!reader.heads(call.seq)) return notCaptured(call);
  return `What call ${call.seq} asked is no JSON that was kept whole, so there is no prompt to compare.`;
}

function print(links: readonly Link[], calls: ReadonlyMap<string, Call>): void {
  const { stdout } = process;
  const page: Page = { width: columnsOf(stdout), paint: createPaint(stdout) };
  const lines = links.flatMap((link) => toLines(link, calls, page));
  stdout.write(`${lines.join("\n")}\n`);
}

function toLines(link: Link, calls: ReadonlyMap<string, Call>, { width, paint }: Page): string[] {
  const { id, before, shared, size, parting, cached, remarks } = link;
  const { seq, model = "" } = calls.get(id)!;
  const percent = (part: number, whole: number) => `${Math.floor((100 * part) / (whole || 1))}%`;
  const hit = cached
    ? `${grouped(cached.tokens)} of ${grouped(cached.input)} input tokens cached (${percent(cached.tokens, cached.input)})`
    : "cached tokens not known";
  const from = before === undefined ? undefined : calls.get(before)?.seq;
  const same =
    from === undefined
      ? "begins the conversation"
      : parting
        ? `as call ${from} for ${grouped(shared)} of ${grouped(size)} bytes (${percent(shared, size)})`
        : `goes on from call ${from}, all of whose prompt it begins with (${percent(shared, size)} of it)`;
  const isMiss = parting !== undefined;
  return [
    `${paint("bold", `call ${seq}`)}  ${printable(model)}  ${paint(isMiss ? "yellow" : "green", hit)}`,
    `  ${same}`,
    ...(parting ? [`  parts at ${paint("cyan", printable(parting.path))}`] : []),
    ...(parting ? [side("-", parting.before, "red"), side("+", parting.after, "green")] : []),
    ...remarks.flatMap((remark) => {
      const [first = "", ...rest] = folded(printable(remark), width - 4);
      return [`  ${paint("yellow", "!")} ${first}`, ...rest.map((line) => `    ${line}`)];
    }),
  ];

  function side(sign: string, text: string | undefined, colour: "red" | "green"): string {
    const line = text === undefined ? "nothing: the prompt ends here" : text;
    return paint(colour, cut(`    ${sign} ${printable(line)}`, width));
  }
}
