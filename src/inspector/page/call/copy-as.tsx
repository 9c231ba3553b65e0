import { useState } from "preact/hooks";
import { toNode, toPython } from "../../../story/sdk.ts";
import { type Request, type Snippet, toCurl } from "../../../story/snippet.ts";
import { status } from "../link.ts";
import type { Opened } from "../opened.ts";
import { copyText } from "../parts/copy.tsx";
import { Menu } from "../parts/menu.tsx";
import type { Reading } from "../reading.ts";

const ways: [title: string, write: (request: Request) => Snippet][] = [
  ["curl", toCurl],
  ["Node SDK", toNode],
  ["Python SDK", toPython],
];

/** The call as code that makes it again, through this relay. */
export function CopyAs({ one, reading }: { one: Opened; reading: Reading }) {
  const [said, setSaid] = useState("");
  const request = toRequest(one, reading);
  if (!request) return null;

  async function copy(title: string, { code, remark = "" }: Snippet): Promise<void> {
    const isDone = await copyText(code);
    setSaid(isDone ? `Copied as ${title}. ${remark}` : "The browser does not let this page copy.");
    setTimeout(setSaid, remark ? 10_000 : 2_500, "");
  }

  const choices = ways.map(([title, write]) => ({
    title,
    act: () => void copy(title, write(request)),
  }));
  return (
    <>
      <span class="note" role="status">
        {said}
      </span>
      <Menu label="Copy as" choices={choices} />
    </>
  );
}

function toRequest({ call, heads }: Opened, { asked }: Reading): Request | undefined {
  const baseUrl = status.value?.url;
  if (!call.value || !heads.value || !baseUrl || call.value.kind === "websocket") return undefined;
  const { id, method } = call.value;
  const { target, asked: headers } = heads.value;
  return { id, baseUrl, method, target, headers, ...(asked && { body: asked }) };
}
