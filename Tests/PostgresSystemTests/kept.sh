#!/bin/sh
# Runs a PostgreSQL server that ends with its parent, also if that is killed: `kept.sh PARENT PROGRAM ARGUMENT…`.
parent=$1
shift
if [ "$(id -u)" -eq 0 ]; then
    # PostgreSQL refuses to run as root.
    set -- setpriv --reuid=postgres --regid=postgres --init-groups "$@"
fi
"$@" &
child=$!
# SIGTERM ends a server in an orderly way, whoever is connected: its SIGINT.
trap 'kill -INT $child 2>/dev/null' TERM
while kill -0 "$child" 2>/dev/null; do
    kill -0 "$parent" 2>/dev/null || kill -QUIT "$child" 2>/dev/null
    sleep 0.1
done
wait "$child"
