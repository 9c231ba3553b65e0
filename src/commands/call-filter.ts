import type { Command } from "commander";
import { UsageError } from "../config/error.ts";
import type { Filter } from "../journal/call.ts";
import { toMoment } from "../journal/moment.ts";

/** What the flags of a filter say, under commander's names. */
export type FilterOptions = Omit<Filter, "isRunning" | "text"> & { grep?: string; running?: true };

/** Gives a command the flags of a `Filter`. All that is asked for must hold. */
export function addFilterFlags(command: Command): Command {
  const group = "Which calls:";
  const flags: [flags: string, about: string, read?: (text: string) => unknown][] = [
    ["--model <name>", 'of this model; "*" stands for anything: "gpt-5*"'],
    ["--path <path>", 'to this path, such as "/v1/chat/*"'],
    ["--status <status>", "429, 5xx, or error: 4xx, 5xx or an answer that broke off", toStatus],
    ["--tag <tag>", "with this x-relay-tag"],
    ["--client <name>", "by whoever has the client token of this name"],
    ["--command <text>", "of relays that ran a command with this text in it"],
    ["--since <time>", "from then on: 15m, 2h or 7d ago, or 2026-01-31T10:00", toMoment],
    ["--until <time>", "the same for the end", toMoment],
    ["--grep <text>", "with this text in path, model, id, tag or error"],
    ["--running", "that still run"],
  ];
  for (const [flag, about, read] of flags) {
    const option = command.createOption(flag, about).helpGroup(group);
    command.addOption(read ? option.argParser(read) : option);
  }
  return command;
}

export function toFilter(options: FilterOptions): Filter {
  const { model, path, status, tag, client, command, since, until, grep, running } = options;
  const given = { model, path, status, tag, client, command, since, until, text: grep };
  const said = Object.entries(given).filter(([, value]) => value !== undefined && value !== "");
  return { ...(Object.fromEntries(said) as Filter), ...(running && { isRunning: true }) };
}

function toStatus(text: string): string {
  if (/^(?:[1-5]xx|[1-5]\d\d|error)$/.test(text)) return text;
  throw new UsageError(`--status ${text}: say a status such as 429, a kind such as 5xx, or error`);
}
