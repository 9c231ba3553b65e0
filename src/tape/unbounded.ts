import { createHash } from "node:crypto";

/**
 * The SHA-256 of a form without the boundary between its parts, which clients make up anew each time
 * (RFC 2046 section 5.1.1).
 */
export class UnboundedHash {
  #hash = createHash("sha256");
  #boundary: Buffer;
  /** What may be the beginning of a boundary. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(boundary: string) {
    this.#boundary = Buffer.from(boundary, "latin1");
  }

  update(piece: Buffer): void {
    const bytes = Buffer.concat([this.#rest, piece]);
    let start = 0;
    for (
      let at = bytes.indexOf(this.#boundary);
      at >= 0;
      at = bytes.indexOf(this.#boundary, start)
    ) {
      this.#hash.update(bytes.subarray(start, at));
      start = at + this.#boundary.length;
    }
    const end = Math.max(start, bytes.length - this.#boundary.length + 1);
    this.#hash.update(bytes.subarray(start, end));
    this.#rest = bytes.subarray(end);
  }

  /** In hex. */
  digest(): string {
    return this.#hash.update(this.#rest).digest("hex");
  }
}

/** The boundary that a media type names. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^\s*multipart\//i.test(contentType)) return undefined;
  const [, quoted, plain] =
    /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType) ?? [];
  return quoted ?? plain;
}
