# Installs what is missing on Debian 12. Sourced by compose/up, compose/down and tests/run.
#
#   need_packages GROUP...   Debian packages, by apt (as root, or through sudo)
#   need_components DIR      Kafka and the schema registry, by Maven, checked against components.sha256
#   need_node                node and npm, which bundle the page of the board
#   build_preset PRESET [TARGET...]

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

PACKAGES_build="ca-certificates gcc libc6-dev cmake ninja-build pkg-config python3 librdkafka-dev libcurl4-openssl-dev libjansson-dev
    libpq-dev libavro-dev libyaml-dev libmicrohttpd-dev libsmartcols-dev uthash-dev libssl-dev zlib1g-dev"
PACKAGES_run="openjdk-17-jre-headless maven postgresql-15 postgresql-client-15 procps"
PACKAGES_node="nodejs npm" # bundles the page of the board
PACKAGES_board="chromium"  # looks at it in the tests
PACKAGES_test="libcmocka-dev python3-venv git scdoc prometheus kcat systemd"
PACKAGES_check="clang libclang-rt-14-dev clang-format clang-tidy cppcheck"
PACKAGES_streams="openjdk-17-jdk-headless maven" # the application that the bench of validate is compared with

say() {
    echo "quotebus: $*" >&2
}

die() {
    say "$*"
    exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "packages are missing and neither root nor sudo is at hand: run as root once: apt-get install $MISSING"
    fi
}

# Names of the packages of the groups that are not installed.
missing_packages() {
    local group name
    for group in "$@"; do
        local list="PACKAGES_$group"
        for name in ${!list}; do
            [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
        done
    done
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Options::=--force-confold -o Acquire::Retries=3 "$@" >>"$LOG" 2>&1
}

need_packages() {
    command -v dpkg-query >/dev/null || die "this is not Debian: install the packages named in ${BASH_SOURCE[0]} by hand"
    MISSING=$(missing_packages "$@" | sort -u | tr '\n' ' ')
    [ -n "$MISSING" ] || return 0
    LOG=$(mktemp -t quotebus-apt.XXXXXX)
    say "installing by apt: $MISSING"
    apt_get update || { tail -n 5 "$LOG" >&2; die "apt-get update failed: is the network up? The whole output is in $LOG"; }
    if [[ $MISSING == *postgresql-15* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        # The package would start a cluster of its own on port 5432; ours is private.
        apt_get install -y --no-install-recommends postgresql-common || true
        [ ! -e /etc/postgresql-common/createcluster.conf ] ||
            as_root sed -i "s/^#\?create_main_cluster.*/create_main_cluster = false/" /etc/postgresql-common/createcluster.conf
    fi
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends $MISSING || { tail -n 15 "$LOG" >&2; die "apt-get install failed; the whole output is in $LOG"; }
    if [[ $MISSING == *prometheus* ]] && [ -d /run/systemd/system ]; then
        as_root systemctl disable -q --now prometheus # the tests start their own; a service on all addresses was not asked for
    fi
    rm -f "$LOG"
}

# npm and node, of Debian unless another one is at hand.
need_node() {
    command -v npm >/dev/null && command -v node >/dev/null || need_packages node
}

# Kafka's jars and the registry under DIR.
need_components() {
    local dir sums=$ROOT/compose/maven/components.sha256 log
    local registry=apicurio-registry-app-3.0.9
    dir=$(realpath -m "$1")
    if [ ! -e "$dir/complete" ] || ! cmp -s "$sums" "$dir/complete"; then
        say "fetching Kafka and the schema registry by Maven"
        rm -rf "$dir"
        mkdir -p "$dir"
        log=$(mktemp -t quotebus-maven.XXXXXX)
        mvn -B -q -f "$ROOT/compose/maven/pom.xml" package "-Dcomponents.dir=$dir" >"$log" 2>&1 ||
            { grep -m 3 ERROR "$log" >&2; die "Maven could not fetch the components: is the network up? The whole output is in $log"; }
        (cd "$dir" && sha256sum --quiet -c "$sums" >&2) ||
            die "a fetched component does not have the checksum of $sums: it was damaged or replaced on the way; nothing was started"
        tar -C "$dir" --one-top-level=registry -xzf "$dir/$registry-all.tar.gz"
        rm -f "$log"
        cp "$sums" "$dir/complete"
    fi
}

build_preset() {
    local preset=$1 log=$ROOT/build/$1.log
    shift
    mkdir -p "$ROOT/build"
    say "building ($preset)"
    (cd "$ROOT" && cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"}) >"$log" 2>&1 ||
        { tail -n 30 "$log" >&2; die "the build failed; the whole output is in $log"; }
}
