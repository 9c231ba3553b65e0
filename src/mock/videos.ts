import { json, madeAt } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { type Fields, fieldsWith, isObject, textIn } from "./fields.ts";
import { download } from "./files.ts";
import { pictureOf } from "./picture.ts";
import { notNow } from "./refusal.ts";
import { video } from "./resources/media.ts";
import type { Operations } from "./router.ts";
import type { Shelves } from "./shelves.ts";

type Video = Fields & { id: string; status: string };

/** Videos: whoever asks for one finds it completed. */
export function videoOperations(shelves: Shelves): Operations {
  async function create(asked: Asked, needed: string[], from: string | null) {
    const said = await fieldsWith(asked, ...needed);
    const more = { remixed_from_video_id: from ?? sourceOf(said) };
    return json(shelves.add(video, {}, asked.digest, said, more));
  }

  function sourceOf(said: Fields): string | null {
    if (!isObject(said.video)) return null;
    const video_id = textIn(said.video, "id");
    return shelves.find<Video>(video, { video_id }).id;
  }

  function complete({ params }: Asked): Video {
    const now = shelves.find<Video>(video, params);
    if (now.status !== "queued") return now;
    const done = { ...now, status: "completed", progress: 100, completed_at: madeAt + 1 };
    shelves.put(video, params, done);
    return done;
  }

  function content(asked: Asked) {
    const { id, status } = shelves.find<Video>(video, asked.params);
    if (status !== "completed") throw notNow("video", "download", status);
    const variant = asked.query.get("variant") ?? "video";
    if (variant !== "video") return download(asked, pictureOf("webp", id), "image/webp");
    return download(asked, mp4, "video/mp4");
  }

  return {
    "POST /videos": (asked) => create(asked, ["prompt"], null),
    "POST /videos/edits": (asked) => create(asked, ["prompt", "video"], null),
    "POST /videos/extensions": (asked) => create(asked, ["prompt", "seconds", "video"], null),
    [`POST ${video}/remix`]: (asked) => {
      const { id } = shelves.find<Video>(video, asked.params);
      return create(asked, ["prompt"], id);
    },
    [`GET ${video}`]: (asked) => json(complete(asked)),
    [`GET ${video}/content`]: content,
  };
}

/** The head of an MP4 file, and nothing in it. */
const mp4 = Buffer.concat([
  Buffer.from([0, 0, 0, 24]),
  Buffer.from("ftypisom\0\0\x02\0isommp41"),
  Buffer.from([0, 0, 0, 8]),
  Buffer.from("mdat"),
]);
