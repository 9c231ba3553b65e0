import { idle, idsOf, type Session, type Turn, turnEvents } from "./agentevents.ts";
import { type Answer, events, json, toEvent } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, objectIn, objectsIn } from "./fields.ts";
import { download } from "./files.ts";
import { page } from "./page.ts";
import { merged } from "./resource.ts";
import { agentConfig } from "./resources/agents.ts";
import { session } from "./resources/sessions.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";
import { speak, textOf, tokensIn } from "./speech.ts";

const turnPath = `${session}/turns/{turn_id}`;
const itemPath = `${session}/items/{item_id}`;
const artifactPath = `${session}/artifacts/{artifact_id}`;

/** Sessions of agents: each input is answered by a turn with one message. */
export function agentOperations(shelves: Shelves): Operations {
  async function create(asked: Asked): Promise<Answer> {
    const said = await fieldsWith(asked, "environment");
    const agent = agentOf(said);
    const made = shelves.add<Session>(session, {}, asked.digest, said, { agent });
    const first = toEvent({ type: "agent.session.created", ...idsOf(made.id, 0), session: made });
    const told = said.input ? answer(made, said.input, asked) : [];
    return said.stream ? events([first, ...told]) : json(made);
  }

  function agentOf(said: Fields): Fields {
    const { agent_id } = said;
    if (typeof agent_id !== "string") {
      const id = "agent_mock";
      return { id, ...merged(agentConfig, objectIn(said, "agent"), { gives: agentConfig }) };
    }
    const known = shelves.find("/agents/{agent_id}", { agent_id });
    const names = ["id", ...Object.keys(agentConfig)];
    return Object.fromEntries(names.map((name) => [name, known[name]]));
  }

  /** Keeps what is said and what is answered, and tells it in events. */
  function answer(of: Session, input: unknown, asked: Asked): string[] {
    const params = { session_id: of.id };
    const words = textOf(input);
    const text = asked.said?.text ?? speak(words);
    const usage = usageOf(words, text);
    const agent_id = of.agent.id;
    const turn = shelves.add<Turn>(turnPath, params, asked.digest, {}, { agent_id, usage });
    const common = { type: "message", status: "completed", turn_id: turn.id };
    const content = [{ type: "input_text", text: words }];
    shelves.add(
      itemPath,
      params,
      `${turn.id} 1`,
      {},
      { ...common, role: "user", content, phase: null },
    );
    const item = shelves.add<Turn>(
      itemPath,
      params,
      `${turn.id} 2`,
      {},
      {
        ...common,
        role: "assistant",
        content: [{ type: "output_text", text }],
        phase: "final_answer",
      },
    );
    shelves.put(session, params, { ...of, usage });
    return turnEvents({ ...of, usage }, turn, item, text);
  }

  async function input(asked: Asked): Promise<Answer> {
    const said = await fieldsWith(asked, "events");
    const of = shelves.find<Session>(session, asked.params);
    for (const event of objectsIn(said, "events")) {
      if (event.input) answer(of, event.input, asked);
    }
    return { status: 204, headers: [], body: Buffer.alloc(0) };
  }

  /** What was said last, told again. */
  function listen({ params }: Asked): Answer {
    const of = shelves.find<Session>(session, params);
    const turn = shelves.list<Turn>(turnPath, params).at(-1);
    const item = shelves.list<Turn>(itemPath, params).at(-1);
    return events(turn && item ? turnEvents(of, turn, item, textOf(item)) : [idle(of, 0)]);
  }

  return {
    "POST /agents/sessions": create,
    [`POST ${session}/events`]: input,
    [`GET ${session}/events`]: listen,
    [`GET ${turnPath}/items`]: ({ params, query }) => {
      shelves.find(turnPath, params);
      const items = shelves.list(itemPath, params);
      return page(
        items.filter(({ turn_id }) => turn_id === params.turn_id),
        query,
      );
    },
    [`GET ${artifactPath}/content`]: (asked) => {
      shelves.find(artifactPath, asked.params);
      return download(asked, Buffer.from("An artifact of the mock.\n"));
    },
  };
}

function usageOf(prompt: string, text: string) {
  const [input_tokens, output_tokens] = [tokensIn(prompt), tokensIn(text)];
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output_tokens,
  };
}
