/** What is done next with an answer: bytes go on, or something else happens first. */
export type Step =
  | Buffer
  /** What comes next leaves in a slice of its own. */
  | { kind: "slice" }
  | { kind: "wait"; ms: number }
  /** Nothing more of it: an orderly end, a closed connection or a reset one. */
  | { kind: "end"; how: "clean" | "close" | "reset" };

/**
 * What a fault makes of an answer, a slice at a time; `null` is its end. Everything that was told to wait
 * holds back what comes after it.
 */
export type Alter = (chunk: Buffer | null) => Iterable<Step>;

/** What a fault does with answers of some kind. */
export type Alteration = {
  /** For these media types; absent: for any. */
  types?: RegExp;
  /** The length is another, or known to be wrong. */
  resizes?: boolean;
  /** Tells of the moment when something of the answer has changed. */
  start(struck: () => void, isStream: boolean): Alter;
};
