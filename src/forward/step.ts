import type { Pool } from "../upstream/pool.ts";
import type { UpstreamRequest } from "../upstream/request.ts";

/** A request on its way to one origin; a redirect that is followed makes it another one. */
export type Step = { pool: Pool; request: UpstreamRequest; hops: number };
