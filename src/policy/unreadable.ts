/** Why nobody can be sure what a request names. */
export class Unreadable extends Error {
  override name = "Unreadable";
}
