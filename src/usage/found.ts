/** What an answer says about what it cost, as text of JSON. */
export type Found = {
  /** The last `usage` object that is one. */
  usage?: string;
  /** The last `tool_usage` object: what hosted tools did. */
  tools?: string;
  /** The model that answered. */
  model?: string;
  /** The tier that served it, which prices depend on. */
  tier?: string;
  /** Whether a stream's closing event came: who has read that has read all. */
  isClosed: boolean;
};
