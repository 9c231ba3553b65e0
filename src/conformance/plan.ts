import type { Case } from "./case.ts";
import { createCase } from "./cases.ts";
import { corners } from "./corners.ts";
import { createDice, seedOf } from "./dice.ts";
import { operations } from "./operations.ts";
import { createTunnelCase, endings, offerNames } from "./tunnels.ts";

/** Each operation once, and each way in which an exchange can be odd: always the same. */
export const needed: Case[] = [...round(1), ...webSockets(), ...corners];

/** Each operation again, with other bodies, as time allows. */
export const more: Case[] = round(2);

export const operationCount = operations.length;

function round(seed: number): Case[] {
  return operations.map((operation) => {
    const name = `${operation.method} ${operation.path}`;
    return createCase(operation, createDice(seedOf(seed, name)));
  });
}

function webSockets(): Case[] {
  const paths = operations.filter(({ stream }) => stream === "websocket").map(({ path }) => path);
  return paths.map((path, i) => {
    const offer = offerNames[i % offerNames.length]!;
    const dice = createDice(seedOf(1, path));
    return createTunnelCase(path, offer, endings[i % endings.length]!, dice);
  });
}
