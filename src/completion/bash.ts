/**
 * The library's script for bash gives what was typed to `eval`, which on a Tab would run `$(…)` and open
 * the file behind a `>`; and it needs the package bash-completion. This one does neither.
 */
export const bashScript = `# bash completion for relay
_relay() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :0) ;;
      :*) compopt +o default 2>/dev/null ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(relay complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _relay relay openai-relay
`;
