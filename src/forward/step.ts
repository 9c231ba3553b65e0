import type { Readable } from "node:stream";
import type { HeaderList } from "../exchange.ts";
import type { Pool } from "../upstream/pool.ts";

/** A request as it goes to OpenAI. */
export type UpstreamRequest = {
  method: string;
  path: string;
  headers: HeaderList;
  body: Buffer | Readable | null;
  /** The protocol to switch to. */
  upgrade?: string;
};

/** A request on its way to one origin; a redirect that is followed makes it another one. */
export type Step = { pool: Pool; request: UpstreamRequest; hops: number };
