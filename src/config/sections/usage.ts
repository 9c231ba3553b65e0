import { section, text, toggle } from "../kinds.ts";

export const usage = section("Usage and cost", {
  prices: text("", "A file with prices of models, which replace or extend the built-in ones", {
    placeholder: "file",
    isFile: true,
    // The journal's thread reads it once.
    fixed: true,
  }),
  includeUsage: toggle(
    false,
    "Ask for the usage of chat streams that do not ask for it, and keep the added chunk from the client",
  ),
});
