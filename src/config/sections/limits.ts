import { section, size, whole } from "../kinds.ts";

const kb = 1024;
const mb = 1024 ** 2;

export const limits = section("Limits", {
  connections: whole(1, 1_000_000, 16_384, "Open client connections", { fixed: true }),
  requests: whole(0, 1_000_000, 0, "Requests at the same time; 0: any number"),
  headers: size([kb, mb], "64kb", "Header section of a request or an answer", {
    fixed: true,
  }),
  target: size([kb, mb], "32kb", "Path and query of a request"),
  body: size([0, 1024 * 1024 * mb], 0, "Body of a request; 0: any size"),
});
