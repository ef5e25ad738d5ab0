# Sourced by benches: fetches Kafka Connect with the Debezium JDBC sink, by Maven, once.

need_connect() {
    local dir=$ROOT/compose/.cache/connect log
    cmp -s "$ROOT/tests/bench/debezium/pom.xml" "$dir/complete" && return
    say "fetching Kafka Connect and the Debezium JDBC sink by Maven"
    rm -rf "$dir"
    log=$(mktemp -t quotebus-maven.XXXXXX)
    mvn -B -q -f "$ROOT/tests/bench/debezium/pom.xml" package "-Dconnect.dir=$dir" >"$log" 2>&1 ||
        { grep -m 3 ERROR "$log" >&2; die "Maven could not fetch Kafka Connect; the whole output is in $log"; }
    rm -f "$log"
    cp "$ROOT/tests/bench/debezium/pom.xml" "$dir/complete"
}

need_connect
