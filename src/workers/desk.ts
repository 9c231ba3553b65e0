import type { Config } from "../config/settings.ts";
import { Holder } from "../key/holder.ts";
import { findSources } from "../key/sources.ts";
import type { Edition, KeyQuestion } from "./words.ts";

/** Where workers get keys: each is read once, however many of them ask. */
export type Desks = {
  find(question: KeyQuestion): Promise<string | undefined>;
  /** Reads keys by new settings; by the former ones too, for requests that began before. */
  open(edition: Edition, env: NodeJS.ProcessEnv): void;
  /** Forgets the keys, and ends what still reads one. */
  close(): void;
};

export function createDesks(config: Config, env: NodeJS.ProcessEnv): Desks {
  let desks = [createDesk({ config, edition: 0 }, env)];
  return {
    async find({ edition, ...question }) {
      return desks.find((desk) => desk.edition === edition)?.find(question);
    },
    open(edition, env) {
      const [former, ...older] = desks;
      for (const desk of older) desk.close();
      desks = [createDesk(edition, env), former!];
    },
    close() {
      for (const desk of desks) desk.close();
    },
  };
}

function createDesk({ config, edition }: Edition, env: NodeJS.ProcessEnv) {
  const end = new AbortController();
  const sources = config.mock ? [] : [...findSources(config, env)];
  const holders = new Map(
    sources.map(([place, source]) => [place, new Holder(place, source, end.signal)]),
  );

  return {
    edition,
    async find({ place, instead }: Omit<KeyQuestion, "edition">) {
      const holder = holders.get(place);
      const key = await holder?.get();
      // Another worker may have got a new one already.
      if (key === undefined || key.value !== instead) return key?.value;
      key.refused();
      return (await holder!.get())?.value;
    },
    close: () => end.abort(),
  };
}
