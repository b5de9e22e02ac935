#!/bin/sh
# A PostgreSQL server that ends with its parent: `cluster.sh PARENT FOLDER PROGRAMS`. Prints `ready` when it answers. A killed test
# process cannot tidy up; this watches for it instead.
parent=$1 folder=$2 programs=$3
as=""
if [ "$(id -u)" -eq 0 ]; then
    # PostgreSQL refuses to run as root.
    chown postgres "$folder"
    as="setpriv --reuid=postgres --regid=postgres --init-groups"
fi
cd "$folder" || exit 1
$as "$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >"$folder/initdb.log" 2>&1 || exit 2
$as "$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c max_connections=200 -c max_prepared_transactions=10 -c shared_buffers=64MB -c log_min_messages=warning \
    >"$folder/server.log" 2>&1 &
server=$!
until "$programs/pg_isready" -q -h "$folder" -U postgres; do
    kill -0 "$server" 2>/dev/null || exit 3
    sleep 0.02
done
# A proxy that gives each transaction whichever connection is free, on a socket beside the server's.
if command -v pgbouncer >/dev/null; then
    cat >"$folder/pgbouncer.ini" <<END
[databases]
* = host=$folder user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = $folder
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 500
logfile = $folder/pgbouncer.log
END
    $as pgbouncer -q "$folder/pgbouncer.ini" >/dev/null 2>&1 &
    proxy=$!
    until "$programs/pg_isready" -q -h "$folder" -p 6432 -U postgres; do
        kill -0 "$proxy" 2>/dev/null || exit 4
        sleep 0.02
    done
fi
echo ready
while kill -0 "$parent" 2>/dev/null && kill -0 "$server" 2>/dev/null && [ ! -e "$folder/stop" ]; do
    sleep 0.2
done
kill -QUIT "$server" 2>/dev/null
# What a shell begins in the background ignores QUIT, unless it asks for it: the proxy does not.
[ -z "$proxy" ] || kill -TERM "$proxy" 2>/dev/null
wait "$server" $proxy 2>/dev/null
rm -rf "$folder"
