# Sourced by tools/forge, tools/anvil and tools/cast: runs foundry's binary of that name from the
# npm package of this machine's platform. npm installs only the platform's own package.
set -eu
tool=$(basename "$0")
root=$(cd "$(dirname "$0")/.." && pwd)
case "$(uname -s)" in
    Linux) system=linux ;;
    Darwin) system=darwin ;;
    *) echo "$tool: no foundry binary for $(uname -s); use Linux (or WSL) or macOS" >&2; exit 2 ;;
esac
case "$(uname -m)" in
    x86_64 | amd64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) echo "$tool: no foundry binary for $(uname -m)" >&2; exit 2 ;;
esac
binary="$root/node_modules/@foundry-rs/$tool-$system-$machine/bin/$tool"
if [ ! -x "$binary" ]; then
    # A platform without an npm package: an installed foundry serves as well.
    if command -v "$tool" > /dev/null 2>&1; then exec "$tool" "$@"; fi
    echo "$tool: $binary is missing" >&2
    echo "hint: run \`npm ci\` at the root of the repository" >&2
    exit 2
fi
exec "$binary" "$@"
