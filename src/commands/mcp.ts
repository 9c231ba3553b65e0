import { Command } from "commander";
import { addSettingFlags } from "../config/flags.ts";
import { journalIn } from "./journal-file.ts";
import { configOf } from "./tape/say.ts";

export const mcp = addSettingFlags(
  new Command("mcp")
    .description(
      "Let coding agents look at the journal: an MCP server on standard input and output",
    )
    .option("--allow-send", "let them send calls again too, which costs what the calls cost")
    .addHelpText(
      "after",
      `
Tools: list_calls, read_call, search_calls, diff_calls, explain_cache_miss and cost_summary, which
only read and answer in pages; with --allow-send also resend_call. No key or token is ever in the
journal; headers and bodies are, of calls through a relay that was started with --capture.

For Cursor: {"mcpServers": {"relay": {"command": "relay", "args": ["mcp"]}}} in .cursor/mcp.json.

Examples:
  claude mcp add relay -- relay mcp
  codex mcp add relay -- relay mcp
  codex mcp add relay -- relay mcp --allow-send`,
    ),
  ["journalFile", "ca"],
).action(async ({ allowSend }: { allowSend?: true }, command: Command) => {
  const { serveJournal } = await import("../mcp/server.ts");
  const config = await configOf(command);
  serveJournal({ file: journalIn(config), config, maySend: allowSend === true });
});
