import type { Config } from "../config/settings.ts";
import { keyMissing } from "../errors.ts";
import { createKeys, type Keys } from "../key/keys.ts";
import type { Source } from "../key/source.ts";
import { findSources } from "../key/sources.ts";
import type { KeyQuestion } from "./words.ts";

type Ask = (question: Omit<KeyQuestion, "edition">) => Promise<string | undefined>;

/** Keys that the primary reads: held here until upstream refuses one, as if they had been read here. */
export function createRemoteKeys(config: Config, env: NodeJS.ProcessEnv, ask: Ask): Keys {
  const sources = [...findSources(config, env)].map(
    ([place, source]) => [place, throughPrimary(place, source, ask)] as const,
  );
  return createKeys(config, env, new Map(sources));
}

function throughPrimary(place: string, source: Source, ask: Ask): Source {
  // It is read again only when upstream has refused what was read before.
  let instead: string | undefined;
  return {
    ...source,
    async read() {
      instead = await ask({ place, instead }).catch(({ message }: Error) => {
        throw keyMissing(message);
      });
      return instead;
    },
  };
}
