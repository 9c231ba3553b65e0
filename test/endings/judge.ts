import type { Ending } from "../../src/exchange.ts";
import { readAnswer } from "./script.ts";
import type { Trace } from "./trace.ts";

/** Everything about an exchange that must not be. */
export function faultsOf(trace: Trace): string[] {
  const { script, plan, outcomes } = trace;
  const read = readAnswer(Buffer.concat(trace.received), trace.endedInOrder);
  const stayed = trace.leftAt === undefined;
  const isRefused = read?.status === 502;
  const isAnswered = read?.status === 200;
  const { ending, error, bytesOut } = outcomes[0] ?? {};

  const may = new Set<Ending>();
  if (stayed || script.truth !== "silent") {
    if (script.truth === "whole") may.add("complete");
    if (script.truth === "cut") may.add("upstream_broke");
    // A reset may overtake what was said before it.
    if (script.truth === "cut in its head" || script.last === "reset") may.add("refused");
  }
  if (!stayed) may.add("client_left");

  const faults = {
    "it came to no end": trace.isStuck,
    "a truncated answer came to an orderly end":
      script.truth !== "whole" && isAnswered && read.isWhole,
    "a whole answer was cut": stayed && script.truth === "whole" && !(isAnswered && read.isWhole),
    "the body was changed":
      isAnswered && !script.body.subarray(0, read.body.length).equals(read.body),
    "a part of the body is missing":
      isAnswered && read.isWhole && read.body.length < script.body.length,
    "upstream broke and the client heard of nothing":
      stayed && script.truth === "cut in its head" && !(isRefused && read.isWhole),
    "it got a status that nobody sent": read !== undefined && !isRefused && !isAnswered,
    "upstream heard of a part of a request as the whole":
      typeof plan.client.leaves === "object" &&
      "asked" in plan.client.leaves &&
      trace.wasAskedWhole,
    "upstream was left though the client was there": trace.wasDropped,
    "upstream is still at it": trace.serving > 0,
    "a POST was sent twice": plan.request.method === "POST" && trace.arrivals > 1,
    "a GET was sent more than twice": trace.arrivals > 2,
    [`${trace.blamed} lines of the log blame somebody`]:
      trace.blamed !== Number(error !== undefined),
    "no exchange began": stayed && trace.asked !== 1,
    "several exchanges began": trace.asked > 1,
    "not every exchange had one outcome": outcomes.length !== trace.asked,
    [`its outcome is ${ending}, and may be ${[...may]}`]: ending !== undefined && !may.has(ending),
    [`it came whole and its outcome is ${ending}`]:
      trace.gotWhole && isAnswered && ending !== "complete",
    [`its outcome is ${ending} with error ${error?.code}`]:
      (error === undefined && /refused|broke/.test(`${ending}`)) ||
      (error !== undefined && !(script.truth.startsWith("cut") && ending !== "complete")),
    [`complete, and ${bytesOut} bytes were sent`]:
      ending === "complete" && bytesOut !== script.body.length,
    [`the relay blames ${error?.code}`]:
      error !== undefined && !/^upstream_(?:reset|bad_response)$/.test(error.code),
  };
  return Object.entries(faults).flatMap(([fault, isSo]) => (isSo ? [fault] : []));
}
