const key = "no credential but the relay's key goes along";
const cookies = "cookies do not pass the relay";
const checked = "certificates are always checked; --cacert <file> trusts one more authority";
const none = "the relay shows no certificate of its own";
const way = "the setting --upstream says where to connect";
const one = "one call a command line";
const spoken = "the relay speaks HTTP/1.1";
const proxies = "only HTTP proxies are known, with user and password in the URL of --proxy";

/** Options of curl that are not here, and why, or what to use instead. */
const reasons: [names: string, why: string][] = [
  ["-u --user --oauth2-bearer --digest --ntlm --negotiate --anyauth --aws-sigv4", key],
  ["-n --netrc --netrc-file --netrc-optional", key],
  ["-b --cookie -c --cookie-jar -j --junk-session-cookies", cookies],
  ["-e --referer", "Referer does not pass the relay"],
  ["-k --insecure --proxy-insecure", checked],
  ["-E --cert --key --pass --cert-type --key-type", none],
  ["--capath --crlfile --pinnedpubkey", "--cacert <file> names authorities"],
  ["-0 --http1.0 --http2-prior-knowledge --http3 --http3-only --http0.9", spoken],
  ["--resolve --connect-to --unix-socket --interface --doh-url --dns-servers", way],
  ["--proto --proto-default --request-target", way],
  ["-U --proxy-user --preproxy --socks4 --socks4a --socks5 --socks5-hostname", proxies],
  ["-: --next -Z --parallel --parallel-max --remote-name-all", one],
  ["-C --continue-at", "-r <from>- asks for the rest"],
  ["--location-trusted", "the key stays with the upstream; -L follows within it"],
  ["--limit-rate -Y --speed-limit -y --speed-time", "only -m limits a call"],
  ["--trace --trace-ascii --trace-time", "-v shows the heads"],
  ["-M --manual", "--help tells what there is"],
];

/** Why an option of curl is refused; `undefined` when nothing is known of it. */
export function refusalOf(name: string): string | undefined {
  return reasons.find(([names]) => names.split(" ").includes(name))?.[1];
}
