import type { Ending } from "../../src/exchange.ts";
import { readAnswer } from "./script.ts";
import type { Side } from "./side.ts";
import type { Tunnel } from "./tunnel.ts";

/** Everything about a WebSocket that must not be. */
export function tunnelFaultsOf(tunnel: Tunnel): string[] {
  const { plan, client, upstream, outcomes } = tunnel;
  const { ending, error, status } = outcomes[0] ?? {};
  const stayed = !client.left;
  const isRefused = plan.handshake === "refused";
  const isCut = typeof plan.handshake === "object";
  const inOrder = tunnel.switched && stayed && !upstream.left;
  const answer = readAnswer(tunnel.answer, false);

  const may = new Set<Ending>();
  if (inOrder || isRefused) may.add("complete");
  if (!stayed) may.add("client_left");
  if (upstream.left) may.add("upstream_broke");
  // Who leaves need not do it by a reset, and Node takes some resets for ends in order.
  const isSoft = client.left?.by === "destroy" || upstream.left?.by === "destroy";
  if (isSoft || client.heard === "end" || upstream.heard === "end") may.add("complete");
  if (isCut) may.add("refused");

  const faults = {
    "it came to no end": tunnel.isStuck,
    "the client got other bytes": !isPrefix(client, upstream),
    "upstream got other bytes": !isPrefix(upstream, client),
    "an end in order lost bytes of the client": inOrder && !isWhole(upstream, client),
    "an end in order lost bytes of upstream": inOrder && !isWhole(client, upstream),
    [`an end in order is ${client.heard} for the client`]: inOrder && client.heard !== "end",
    [`an end in order is ${upstream.heard} for upstream`]: inOrder && upstream.heard !== "end",
    "upstream is still at it": tunnel.serving > 0,
    "it was opened more than twice": tunnel.arrivals > 2,
    "a refusal did not arrive": stayed && isRefused && !(answer?.status === 403 && answer.isWhole),
    "a failure was not told": stayed && isCut && !(answer?.status === 502 && answer.isWhole),
    [`${tunnel.blamed} lines of the log blame somebody`]:
      tunnel.blamed !== Number(error !== undefined || ending === "upstream_broke"),
    "no exchange began": stayed && tunnel.asked !== 1,
    "not every exchange had one outcome": outcomes.length !== tunnel.asked || tunnel.asked > 1,
    [`its outcome is ${ending}, and may be ${[...may]}`]: ending !== undefined && !may.has(ending),
    [`its status is ${status}`]: tunnel.switched && status !== 101,
    [`its outcome is ${ending} with error ${error?.code}`]:
      error !== undefined && !(isCut && /^upstream_(?:reset|bad_response)$/.test(error.code)),
  };
  return Object.entries(faults).flatMap(([fault, isSo]) => (isSo ? [fault] : []));
}

function isPrefix(hearer: Side, speaker: Side): boolean {
  const received = Buffer.concat(hearer.received);
  return received.equals(speaker.words.subarray(0, received.length));
}

function isWhole(hearer: Side, speaker: Side): boolean {
  return Buffer.concat(hearer.received).length === speaker.words.length;
}

/** Milliseconds from the leaving of one side until the other one heard of it. */
export function delayOf({ client, upstream, arrivedAt }: Tunnel): number | undefined {
  if (client.left && !upstream.left && upstream.heardAt !== undefined)
    return upstream.heardAt - Math.max(client.left.at, arrivedAt);
  if (upstream.left && !client.left && client.heardAt !== undefined)
    return client.heardAt - upstream.left.at;
  return undefined;
}
