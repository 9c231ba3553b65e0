import { hash } from "node:crypto";
import * as v from "valibot";
import type { Scrub } from "../../../scrub.ts";
import { fromBytes } from "../../bytes.ts";
import { type Asked, type Entry, type Slice, version, type When } from "../../entry.ts";
import type { Imported } from "../har.ts";
import { type Answer, answersOf } from "./answers.ts";
import { type Fixture, fixture, type fixtures, remarksOn } from "./fixtures.ts";

/** Every fixture becomes recordings that answer what it matches: one for each way to ask. */
export function fromAimock(
  file: v.InferOutput<typeof fixtures>,
  scrub: Scrub,
  now: number,
): Imported {
  const imported: Imported = { entries: [], skipped: [] };
  const seen = new Set<string>();
  const usable: Numbered[] = [];
  const skip = (index: number, why: string) =>
    imported.skipped.push({ what: `fixture ${index}`, why });

  for (const [index, value] of file.fixtures.entries()) {
    const { success, output, issues } = v.safeParse(fixture, value);
    if (!success) skip(index, `${v.getDotPath(issues[0]) ?? "it"} cannot be carried over`);
    else if (isHidden(output, seen)) skip(index, "one before it matches the same");
    else usable.push({ one: output, index });
  }
  for (const { one, index, place } of inSequence(usable)) {
    const answers = answersOf(one);
    if (answers.length === 0) skip(index, "its response is none of OpenAI's");
    else for (const remark of remarksOn(one)) skip(index, remark);
    // The earlier of two that match is the one that answers.
    const recorded = new Date(now + place).toISOString();
    imported.entries.push(...answers.map((answer) => toEntry(one, answer, recorded, scrub)));
  }
  return imported;
}

/** A fixture, and its number in the file. */
type Numbered = { one: Fixture; index: number };

/** Those that match the same change places among themselves, so that they stand in their sequence. */
function inSequence(fixtures: readonly Numbered[]): (Numbered & { place: number })[] {
  const groups = Map.groupBy(fixtures, ({ one: { match } }) => {
    return JSON.stringify({ ...match, sequenceIndex: undefined });
  });
  const sorted = [...groups.values()].flatMap((group) => {
    const turns = group.toSorted((a, b) => turnOf(a.one) - turnOf(b.one));
    return turns.map((turn, i) => ({ ...turn, place: group[i]!.index }));
  });
  return sorted.sort((a, b) => a.place - b.place);
}

/** Of those that match the same, one for each number of the call counts, and one for all others. */
function isHidden({ match }: Fixture, seen: Set<string>): boolean {
  const key = JSON.stringify(Object.entries(match).sort());
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

function turnOf({ match: { sequenceIndex } }: Fixture): number {
  return sequenceIndex ?? Number.MAX_SAFE_INTEGER;
}

function toEntry({ match }: Fixture, answer: Answer, recorded: string, scrub: Scrub): Entry {
  const { path, stream, isForm, status, headers, slices, end } = answer;
  const when = whenOf(match, stream, isForm === true);
  const method = "POST";
  const asked: Asked = {
    tape: version,
    method,
    path,
    digest: hash("sha256", JSON.stringify([method, path, when])),
    recorded,
    headers: [],
    when,
  };
  const parts = slices.map(({ at, bytes }): Slice => {
    return { at, ...fromBytes(Buffer.from(scrub(bytes.toString("latin1")), "latin1")) };
  });
  const at = slices[0]?.at ?? 0;
  const head = { at, status, reason: "", headers };
  return { asked, interim: [], head, parts, end };
}

function whenOf(match: Fixture["match"], stream: boolean | undefined, isForm: boolean): When {
  const { systemMessage, hasToolResult } = match;
  const told: { [K in keyof When]: When[K] | undefined } = {
    model: isForm ? undefined : match.model,
    stream,
    user: isForm ? undefined : match.userMessage,
    system: typeof systemMessage === "string" ? [systemMessage] : systemMessage,
    input: match.inputText,
    tool: match.toolName,
    call: match.toolCallId,
    result: match.toolResultContains,
    hasResult: hasToolResult,
    turn: match.turnIndex,
    format: match.responseFormat,
  };
  return Object.fromEntries(Object.entries(told).filter(([, one]) => one !== undefined)) as When;
}
