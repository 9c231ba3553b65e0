import { memo } from "./memo.ts";

/** Text in its paragraphs: of a long one that grows, only the last is drawn anew. */
export function Text({ text }: { text: string }) {
  return (
    <div class="text">
      {text.split(/\n{2,}/).map((paragraph, index) => (
        <Paragraph key={index} text={paragraph} />
      ))}
    </div>
  );
}

const Paragraph = memo(({ text }: { text: string }) => <p>{text}</p>);
