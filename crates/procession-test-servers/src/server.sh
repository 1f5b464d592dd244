# Keeps one throw-away server: $1 is the folder of PostgreSQL's programs.
#
# Each line of the standard input is an order. The answer is what there is to say, and a line `done STATUS`. When the input
# ends, and it ends with the tests, however they end, the server dies and its folder goes.

exec 2>&1
programs=$1
folder=$(mktemp -d "${TMPDIR:-/tmp}/procession-postgres.XXXXXX") || exit
data=$folder/data

# Nobody may be there any more to read the last answer, and that is when the end matters.
trap '' PIPE
trap : HUP INT TERM

create() {
    printf %s "$PGPASSWORD" >"$folder/password"
    # People's order of letters: a store that relies on the order of bytes has to ask for it.
    "$programs/initdb" --pgdata="$data" --username=postgres --auth=scram-sha-256 --pwfile="$folder/password" \
        --encoding=UTF8 --locale=C --locale-provider=icu --icu-locale=en-US --no-sync >/dev/null || return
    # Memory that is shared lies in the folder, so that a killed server leaves none behind.
    cat >>"$data/postgresql.conf" <<-settings
	listen_addresses = '127.0.0.1'
	unix_socket_directories = ''
	max_connections = 300
	shared_buffers = 64MB
	dynamic_shared_memory_type = mmap
	settings
}

start() {
    port=$1
    "$programs/postgres" -D "$data" -c port="$port" >>"$folder/log" 2>&1 &
    main=$!
    until [ "$(sed -n '1p;8p' "$data/postmaster.pid" 2>/dev/null | tr -d ' \n')" = "${main}ready" ]; do
        alive "$main" || { tail -n 5 "$folder/log"; return 1; }
        sleep 0.02
    done
}

start_again() {
    start "$port"
}

restart() {
    kill -INT "$main" || return
    wait "$main"
    start "$port"
}

kill_all() {
    # What is stopped has no new children while they are counted.
    kill -STOP "$main" || return
    everybody="$main $(children)"
    kill -KILL $everybody
    wait "$main"
    main=
    for one in $everybody; do
        while alive "$one"; do sleep 0.01; done
    done
    return 0
}

freeze() {
    kill -STOP "$main" && kill -STOP $(children)
}

thaw() {
    kill -CONT $(children) "$main"
}

fill_disk() {
    # It succeeds when nothing more goes in.
    ! cat /dev/zero 2>/dev/null >>"$folder/ballast"
}

free_disk() {
    rm -f "$folder/ballast"
}

limit_files() {
    # Above the 16 MiB of a file of the write-ahead log, and within a page: half a page is what a full disk leaves too.
    for one in $main $(children); do
        prlimit --pid "$one" --fsize=$((16 * 1024 * 1024 + 4096)): || return
    done
}

free_files() {
    for one in $main $(children); do
        prlimit --pid "$one" --fsize=unlimited: || return
    done
}

alive() {
    { read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null && [ "$state" != Z ]
}

children() {
    for stat in /proc/[0-9]*/stat; do
        { read -r pid _ _ parent _ <"$stat"; } 2>/dev/null && [ "$parent" = "$main" ] && echo "$pid"
    done
}

end() {
    if [ -n "${main:-}" ] && alive "$main"; then
        thaw
        kill -QUIT "$main"
        wait "$main"
    fi
    # A server that was killed could not take its mark out of the system's table of shared memory.
    set -- $(sed -n 7p "$data/postmaster.pid")
    [ -z "${2:-}" ] || ipcrm -m "$2"
    rm -rf "$folder"
}

while read -r order; do
    $order
    echo "done $?"
done
end >/dev/null 2>&1
