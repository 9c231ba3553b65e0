import { duration, section } from "../kinds.ts";

export const timeouts = section("Timeouts", {
  connect: duration("10s", "To connect to the upstream, TLS included"),
  head: duration(0, "For the head of an answer; 0: none"),
  idle: duration(0, "Between two slices of an answer; 0: none"),
  total: duration(0, "For a whole exchange; 0: none"),
  upload: duration("5m", "For the next byte of a request body; 0: none"),
  drain: duration("30s", "For live answers to finish when the relay is told to stop"),
});
