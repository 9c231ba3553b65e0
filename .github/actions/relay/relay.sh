# What action.yml does: installs openai-relay beside the checkout, and runs one command of it.
# For the bash 3.2 of macOS too.
set -euo pipefail

refuse() {
  echo "::error title=openai-relay::$1"
  exit 2
}

command=$ACTION_COMMAND args=$ACTION_ARGS mock=$ACTION_MOCK version=$ACTION_VERSION
# Not for what the relay runs.
unset ACTION_COMMAND ACTION_ARGS ACTION_MOCK ACTION_VERSION

case $command in check | run) ;; *) refuse 'The input "command" is check or run.' ;; esac
case $mock in true | false) ;; *) refuse 'The input "mock" is true or false.' ;; esac

words=()
[ "$mock" = false ] || words+=(--mock)
# xargs knows quotes, and nothing of what a shell would do.
split=$(xargs -n 1 printf '%s\n' <<<"$args") || refuse 'A quote in the input "args" is not closed.'
[ -z "$split" ] || while IFS= read -r word; do words+=("$word"); done <<<"$split"

if [ -z "$version" ]; then
  version=$(node -p 'require(process.argv[1]).version' "$GITHUB_ACTION_PATH/../../../package.json")
fi
if [[ $version == *.tgz && -f $version ]]; then
  package=$(cd "$(dirname "$version")" && pwd)/$(basename "$version")
elif [[ $version =~ ^[0-9A-Za-z][0-9A-Za-z.-]*$ ]]; then
  package=openai-relay@$version
else
  refuse 'The input "version" is neither a version nor the path of a tarball.'
fi

folder=$RUNNER_TEMP/openai-relay
npm install --loglevel=error --no-save --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  "$package" >/dev/null
exec "$folder/node_modules/.bin/relay" "$command" ${words[@]+"${words[@]}"}
