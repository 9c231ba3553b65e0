import { section, size, text, toggle, whole } from "../kinds.ts";

const fixed = { fixed: true } as const;

export const journal = section("Journal", {
  journal: toggle(true, "Keep a journal of calls, which relay logs and others show", fixed),
  journalFile: text(
    "",
    "Where the journal is (none: journal.db in the state folder), or :memory: to forget it at the end",
    { placeholder: "file", isFile: true, trusted: true, fixed: true },
  ),
  journalSize: size(
    [1024 ** 2, 1024 ** 4],
    "256mb",
    "What the journal may take; the oldest goes out first",
    fixed,
  ),
  journalDays: whole(1, 3650, 30, "Days that calls stay in the journal", {
    placeholder: "days",
    ...fixed,
  }),
  capture: toggle(false, "Keep headers and bodies in the journal too, without credentials", {
    trusted: true,
    fixed: true,
  }),
  captureBody: size([1024, 1024 ** 3], "8mb", "Of each body, what capture keeps", fixed),
});
