import { hash } from "node:crypto";
import type { Reply } from "../exchange.ts";
import { pageHeaders } from "../server/page.ts";
import { answer } from "./answer.ts";

const style = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.25rem; }
code { font-family: ui-monospace, monospace; padding: .15em .4em; border-radius: .3em; background: #8883; }
`;

const policy = `default-src 'none'; style-src 'sha256-${hash("sha256", style, "base64")}'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

const headers = pageHeaders.map((value, i) =>
  pageHeaders[i - 1] === "Content-Security-Policy" ? policy : value,
);

/** What a browser without a session is shown: how to open the inspector, and nothing about the relay. */
export function answerLocked(reply: Reply, isLinkOver: boolean): void {
  const why = isLinkOver
    ? "This link has been opened before, or it is more than a minute old."
    : "The inspector shows what goes through your relay, so it opens only with a link of yours.";
  const content = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>openai-relay</title>
<style>${style}</style>
<h1>Open the inspector from your terminal</h1>
<p>${why}
<p>Run <code>relay open</code> where the relay runs, as the same user. It prints a link that works once.
</html>
`;
  answer(reply, 401, "text/html; charset=utf-8", content, headers);
}
