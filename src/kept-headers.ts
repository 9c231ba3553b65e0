/** Header lines that nothing which is kept has: cookies, credentials, and who pays. */
export const notKept =
  /^(?:set-cookie2?|cookie2?|openai-(?:organization|project)|authorization|proxy-.*|.*(?:api-?key|secret|token))$/i;
