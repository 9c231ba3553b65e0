import { type Answer, idOf, json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsOf, fieldsWith, objectIn, textIn } from "./fields.ts";
import { download } from "./files.ts";
import { noSuch } from "./refusal.ts";
import { toSegment } from "./resource.ts";
import type { Operations } from "./router.ts";
import { toneFor, toWav } from "./sound.ts";
import type { Store } from "./store.ts";

const calls = "/realtime/calls";
const sessions = "/live/sessions";

/** What a server says to an offer that it takes, with no media in it. */
const sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

/** Realtime and Live beside their WebSockets: sessions with secrets of their own, and calls. */
export function callOperations(store: Store): Operations {
  /** A call that was begun here, or one that rings, of which nobody has to tell the mock. */
  function find(path: string, prefix: string, id = ""): void {
    if (!id.startsWith(prefix)) throw noSuch("call", id);
    store.set(`${path}/${toSegment(id)}`, {});
  }

  async function call(asked: Asked): Promise<Answer> {
    const isSdp = /application\/sdp/.test(asked.headers.join("\n"));
    if (!isSdp) await fieldsWith(asked, "sdp");
    const id = idOf("rtc_", asked.digest);
    find(calls, "rtc_", id);
    const headers = ["content-type", "application/sdp", "location", `/v1${calls}/${id}`];
    return { status: 201, headers, body: Buffer.from(sdp) };
  }

  const on = (path: string, prefix: string, ...needed: string[]) =>
    async function act(asked: Asked): Promise<Answer> {
      await fieldsWith(asked, ...needed);
      find(path, prefix, asked.params.call_id ?? asked.params.session_id);
      return { status: 200, headers: [], body: Buffer.alloc(0) };
    };

  const begin = (...needed: string[]) =>
    async function begin(asked: Asked): Promise<Answer> {
      await fieldsWith(asked, ...needed);
      const { session_id } = asked.params;
      if (session_id) find(sessions, "live_", session_id);
      const id = idOf("live_", asked.digest);
      find(sessions, "live_", id);
      return json({ session: { id }, transport: { type: "webrtc", sdp } });
    };

  const call_id = `${calls}/{call_id}`;
  const session_id = `${sessions}/{session_id}`;
  return {
    [`POST ${calls}`]: call,
    [`POST ${call_id}/accept`]: on(calls, "rtc_"),
    [`POST ${call_id}/hangup`]: on(calls, "rtc_"),
    [`POST ${call_id}/refer`]: on(calls, "rtc_", "target_uri"),
    [`POST ${call_id}/reject`]: on(calls, "rtc_"),
    [`POST ${sessions}`]: begin("session", "transport"),
    [`POST ${session_id}/fork`]: begin("transport"),
    [`POST ${session_id}/accept`]: on(sessions, "live_", "session"),
    [`POST ${session_id}/hangup`]: on(sessions, "live_"),
    [`POST ${session_id}/refer`]: on(sessions, "live_", "target_uri"),
    [`POST ${session_id}/reject`]: on(sessions, "live_", "status_code"),
    [`GET ${session_id}/content`]: (asked) => {
      find(sessions, "live_", asked.params.session_id);
      return download(asked, toWav(toneFor("")));
    },
  };
}

const secretLife = 600;

/** Secrets that a browser may have, and the older sessions that bring one. */
export function secretOperations(): Operations {
  return {
    "POST /realtime/client_secrets": async (asked) => {
      const session = objectIn(await fieldsOf(asked), "session");
      const type = textIn(session, "type", "realtime");
      const isTranscription = type === "transcription";
      const object = isTranscription ? "realtime.transcription_session" : "realtime.session";
      const usual = isTranscription ? {} : { model: "gpt-realtime", output_modalities: ["audio"] };
      const id = idOf("sess_", asked.digest);
      return json({ ...secretOf(asked), session: { ...usual, ...session, id, object, type } });
    },
    "POST /realtime/translations/client_secrets": async (asked) => {
      const session = objectIn(await fieldsWith(asked, "session"), "session");
      const { expires_at, value } = secretOf(asked);
      const id = idOf("sess_", asked.digest);
      const usual = { model: "gpt-realtime-translate", audio: {} };
      return json({
        expires_at,
        value,
        session: { ...usual, ...session, id, expires_at, type: "translation" },
      });
    },
    "POST /realtime/sessions": async (asked) => json(olderSession(asked, await fieldsOf(asked))),
    "POST /realtime/transcription_sessions": async (asked) => {
      const { input_audio_format = "pcm16", input_audio_transcription } = await fieldsOf(asked);
      const client_secret = secretOf(asked);
      return json({
        client_secret,
        input_audio_format,
        modalities: ["text"],
        ...(input_audio_transcription !== undefined && { input_audio_transcription }),
      });
    },
  };
}

function secretOf({ digest }: Asked) {
  return { value: idOf("ek_", digest), expires_at: madeAt + secretLife };
}

function olderSession(asked: Asked, said: Fields) {
  return {
    client_secret: secretOf(asked),
    instructions: textIn(said, "instructions"),
    input_audio_format: textIn(said, "input_audio_format", "pcm16"),
    output_audio_format: textIn(said, "output_audio_format", "pcm16"),
    modalities: ["text", "audio"],
    voice: textIn(said, "voice", "alloy"),
    temperature: 0.8,
  };
}
