#!/bin/sh
# What the image runs: a process of Sallyport by name. `exec` makes it process 1, so that the stop signal reaches it.
set -eu
cd "$(dirname "$(readlink -f /app/package.json)")"
case "${1:-api}" in
  api | worker | migrate) exec node "src/bin/$1.ts" ;;
  health)
    # Liveness only: a Redis that is away must not restart the processes that wait for it.
    case "$(tr '\0' ' ' < /proc/1/cmdline)" in *worker*) port=${WORKER_METRICS_PORT:-} ;; *) port=${PORT:-3000} ;; esac
    [ -n "$port" ] || exit 0
    exec node -e 'fetch(`http://127.0.0.1:${process.argv[1]}/healthz`, { signal: AbortSignal.timeout(2500) }).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))' "$port"
    ;;
  *) exec node src/bin/cli.ts "$@" ;;
esac
