import { useEffect, useMemo } from "preact/hooks";
import { bytesOf, playable } from "../../../story/media.ts";
import type { Media } from "../../../story/message.ts";
import { toBytes } from "../format.ts";

/** A picture or a sound out of a body. What lies elsewhere is named and never fetched. */
export function MediaView({ media }: { media: Media }) {
  const { kind, url, isPartial, base64, bytes } = media;
  if (url !== undefined) return <p class="note">At {url} (not fetched)</p>;
  return (
    <Shown
      key={bytes?.length ?? base64.length}
      media={media}
      isPartial={isPartial === true}
      kind={kind}
    />
  );
}

type Props = { media: Media; isPartial: boolean; kind: Media["kind"] };

function Shown({ media, isPartial, kind }: Props) {
  const { mime, bytes } = useMemo(() => playable(media), [media]);
  const source = useBlob(mime, bytes);
  const name = `${mime}, ${toBytes(bytesOf(media).length)}`;
  return (
    <figure class="media">
      {kind === "image" && <img src={source} alt={`From the call: ${name}`} />}
      {kind === "audio" && <Sound source={source} name={name} />}
      {kind === "video" && (
        // biome-ignore lint/a11y/useMediaCaption: nobody has written any
        <video src={source} controls aria-label={name} />
      )}
      <figcaption class="note">
        {name}
        {isPartial && ", a better one follows"}
      </figcaption>
    </figure>
  );
}

function Sound({ source, name }: { source: string; name: string }) {
  // biome-ignore lint/a11y/useMediaCaption: nobody has written any
  return <audio src={source} controls aria-label={name} />;
}

/** An address of bytes within this page, for as long as they are shown. */
function useBlob(mime: string, bytes: Uint8Array): string {
  const source = useMemo(
    () => URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mime })),
    [mime, bytes],
  );
  useEffect(() => () => URL.revokeObjectURL(source), [source]);
  return source;
}
