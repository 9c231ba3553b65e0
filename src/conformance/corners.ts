import type { Case } from "./case.ts";
import { answers } from "./corners/answers.ts";
import { exchanges } from "./corners/exchanges.ts";
import { answer, oddJson, post } from "./corners/make.ts";
import { requests } from "./corners/requests.ts";
import { createDice, seedOf } from "./dice.ts";
import { createRefusedCase, createTunnelCase, endings, offerNames } from "./tunnels.ts";

/** Exchanges with one peculiarity each. Between them they meet every row of the table, and every bend. */
export const corners: Case[] = [
  ...Object.entries(requests).map(([name, ask]) => {
    return { name: `request: ${name}`, ask, answers: [answer()] };
  }),
  ...Object.entries(answers).map(([name, prepared]) => {
    return { name: `answer: ${name}`, ask: post(oddJson), answers: [prepared] };
  }),
  ...Object.entries(exchanges).map(([name, rest]) => ({ name, ...rest })),
  ...offerNames.flatMap((offer) =>
    endings.map((ending) => {
      const dice = createDice(seedOf(1, offer + ending));
      return createTunnelCase("/realtime", offer, ending, dice);
    }),
  ),
  createRefusedCase("/realtime", 426),
];
