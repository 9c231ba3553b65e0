export function OpenCall() {
  return null;
}
