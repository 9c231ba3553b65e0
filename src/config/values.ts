// What the values of several settings must look like, and what to say when they do not.

export const headerValue = [
  /^[!-~]*$/,
  "a text of letters, digits and signs, without spaces",
] as const;
export const hostName = [
  /^[^\s/@]+$/,
  'a host such as "files.example.com", without https://',
] as const;
export const prefix = [/^\//, 'a path that starts with "/"'] as const;

/** For settings that a text gives as JSON. What is none comes back as it is, and the schema refuses it. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
