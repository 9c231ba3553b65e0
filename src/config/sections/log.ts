import { choice, section } from "../kinds.ts";

export const log = section("Log", {
  level: choice(["silent", "error", "warn", "info", "debug", "trace"], "info", "What to log"),
  format: choice(
    ["auto", "pretty", "json"],
    "auto",
    "auto: pretty on a terminal, JSON lines else",
    {
      fixed: true,
    },
  ),
});
