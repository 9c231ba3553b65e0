import { madeAt } from "../answer.ts";
import type { Resource } from "../resource.ts";

export const video = "/videos/{video_id}";

export const mediaResources: Resource[] = [
  {
    path: "/audio/voice_consents/{consent_id}",
    does: "list create retrieve update delete",
    id: "cons_",
    needs: "language name recording",
    changes: "name",
    gives: { language: "", name: "" },
    own: { object: "audio.voice_consent", created_at: madeAt },
    gone: "audio.voice_consent",
  },
  {
    path: "/audio/voices/{voice_id}",
    does: "create delete",
    id: "voice_",
    needs: "audio_sample consent name",
    gives: { name: "" },
    own: { object: "audio.voice", created_at: madeAt, type: "audio_sample" },
  },
  {
    path: video,
    does: "list delete",
    id: "video_",
    gives: { model: "sora-2", prompt: null, seconds: "4", size: "720x1280" },
    own: {
      object: "video",
      created_at: madeAt,
      completed_at: null,
      expires_at: madeAt + 3600,
      error: null,
      progress: 0,
      remixed_from_video_id: null,
      status: "queued",
    },
  },
  {
    path: "/videos/characters/{character_id}",
    does: "create retrieve",
    id: "char_",
    needs: "name video",
    gives: { name: "" },
    own: { created_at: madeAt },
  },
];
