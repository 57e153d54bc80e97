# shellcheck shell=bash
# The lanes of .ci/run: one function each, run in a bash of its own with -euo pipefail, from the workspace's root.

# Ends the lane without a verdict. Why is repeated at the end of the run.
skip() {
  echo "!!! SKIPPED: $*"
  echo "$*" >"${PG_EVICT_CI_COUNTS%.counts}.skipped"
  exit 75
}

# Once a run: turbo writes again what it has in its cache, which nothing that runs beside it may read meanwhile.
build() {
  [ ! -e "$PG_EVICT_CI_WORK/built" ] || return 0
  corepack pnpm build --output-logs=errors-only
  touch "$PG_EVICT_CI_WORK/built"
}

# Runs a script of test/package.json.
test_script() {
  build
  corepack pnpm --filter @pg-evict/test run "$@"
}

# npm sometimes waits without an end, first for the bytes of a large package, and then without a connection.
npm_install() {
  local try
  for try in 1 2 3; do
    timeout --kill-after=5 150 npm install --no-package-lock --no-audit --no-fund "$@" && return
  done
  return 1
}

# A Node of another major, from the npm registry: prints the folder of its binary.
node_from_npm() {
  local package directory="$PG_EVICT_CI_WORK/node$1"
  package="node-$(node -p 'process.platform + "-" + process.arch')"
  mkdir -p "$directory"
  npm_install --prefix "$directory" --no-save --ignore-scripts "$package@$1" >&2 || return
  echo "$directory/node_modules/$package/bin"
}

# What has broken with a new major of Node before: its sockets, streams, processes, signals and module loaders. All tests
# run on each Node on GitHub.
of_node=(
  '/test/(server|vitest)/'
  '/test/jest/environment/(test-file|leaks)'
  '/test/testing/(host|leaks|node-test|mocha)/'
  '/test/cli/terminal/'
  '/test/config/load/'
)
# Of the next one: knex, whose versions between the oldest and the newest run here only, and what loads modules and
# starts processes.
of_newer_node=(
  '/test/knex/(client|sql|example|migrations/fresh(-command)?\.test)'
  '/test/testing/(host|template|node-test|mocha)/'
  '/test/cli/child/'
  '/test/config/load/'
  '/test/jest/environment/test-file'
)
# Of the newest, what sees sockets and processes.
of_newest_node=('/test/server/' '/test/testing/(host|leaks|node-test)/' '/test/cli/terminal/')

# tests_under_node MAJOR PATTERN…: on what the Node in use has built.
tests_under_node() {
  local bin
  build
  bin=$(node_from_npm "$1") || skip "the npm registry gave no Node $1"
  export PATH="$bin:$PATH"
  node --version
  (cd test && node node_modules/jest/bin/jest.js "${@:2}")
}

lane_install() {
  corepack pnpm install --frozen-lockfile
  # From nothing, with the compiler alone as with everything.
  rm -rf packages/*/dist
  corepack pnpm exec tsc -b
  corepack pnpm build --force
  touch "$PG_EVICT_CI_WORK/built"
  corepack pnpm exec pg-evict --help >/dev/null
}

# Debian packages that hold what the tests need of the system. Installed where something is missing; tests whose program
# cannot be had say so themselves.
lane_tools() {
  local packages=() missing=() program
  needs() {
    local package=$1
    shift
    for program in "$@"; do
      command -v "$program" && continue
      missing+=("$program")
      [[ " ${packages[*]} " == *" $package "* ]] || packages+=("$package")
    done
  }
  needs postgresql-client dropdb createdb pg_dump pg_dumpall pg_restore psql
  needs pgbouncer pgbouncer
  needs openssl openssl
  needs libpq-dev pg_config
  needs g++ g++
  needs make make
  local unavailable=
  if [ ${#packages[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get; then
      unavailable='only root may install them, with apt-get'
    elif ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"; }; then
      unavailable="apt-get could not install ${packages[*]}"
    fi
  fi
  # Servers that are no newer than the programs; and libpq's binding for Node, whose tests skip loudly without it.
  npm_install --prefix test/matrix || unavailable+='; npm has no older PostgreSQL'
  npm_install --prefix test/native || echo '!!! pg-native could not be compiled'
  [ -z "$unavailable" ] || skip "missing: ${missing[*]}; $unavailable"
}

lane_lint() {
  build
  corepack pnpm lint:code
  corepack pnpm lint:format
}

lane_typecheck() {
  build
  corepack pnpm --recursive run typecheck
}

lane_packages() {
  build
  corepack pnpm --recursive run check
  corepack pnpm check:unused
  # What has changed since the version was last set is described by a changeset.
  corepack pnpm exec changeset status --since="$(git log -1 --format=%H -G'"version":' -- packages/core/package.json)"
}

# `--only`: everything is built, and turbo would write it again while the lane beside this one reads it.
lane_test() {
  build
  corepack pnpm test --only
}

lane_demo() {
  corepack pnpm demo
  local picture="$PG_EVICT_CI_WORK/demo.svg"
  node examples/demo/picture.mjs "$picture"
  # The README's picture shows the same, but for figures, and for how the client fared that reconnects at once.
  said() { sed -E 's/[0-9]+/N/g; s/ in N(\.N)? m?s/ in N ms/g; s/ +/ /g; s/> />/g' "$1" | grep -v 'worker, reconnects at once'; }
  diff <(said docs/images/demo.svg) <(said "$picture") || {
    echo 'docs/images/demo.svg is stale: corepack pnpm demo:picture'
    return 1
  }
}

lane_commands() { test_script test:commands; }

lane_runners() { test_script test:runners; }

lane_smoke() { test_script test:packages; }

lane_node22() { tests_under_node 22 "${of_node[@]}"; }

lane_node24() {
  # The suite has the oldest and the newest knex; here are those in between.
  export PG_EVICT_TEST_KNEX='knex-2 knex-3-1'
  tests_under_node 24 "${of_newer_node[@]}"
}

lane_node26() { tests_under_node 26 "${of_newest_node[@]}"; }

# Servers in containers: with the workspace's testcontainers, then with 12 on a Node that it runs on.
lane_docker() {
  local newer="$PG_EVICT_CI_WORK/testcontainers-12" engine=() missing=() program code=0
  build
  if ! docker info >/dev/null 2>&1; then
    engine=(test/docker/with-engine.sh)
    for program in docker dockerd iptables ip unshare; do
      command -v "$program" >/dev/null || missing=(docker.io iptables iproute2 util-linux)
    done
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
    if [ ${#missing[@]} -gt 0 ]; then
      if [ "$(id -u)" -ne 0 ] || ! command -v apt-get; then skip "no Docker engine; only root may install one, with apt-get"; fi
      # Nothing of what is installed is to run beside the tests.
      if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -q --no-install-recommends "${missing[@]}"; }; then
        skip "no Docker engine; apt-get could not install ${missing[*]}"
      fi
    fi
  fi
  PG_EVICT_CI_NODE22=$(node_from_npm 22) || skip 'the npm registry gave no Node 22'
  export PG_EVICT_CI_NODE22 PG_EVICT_TEST_NEWER="$newer"
  PATH="$PG_EVICT_CI_NODE22:$PATH" npm install --prefix "$newer" --no-save --no-package-lock --ignore-scripts \
    --no-audit --no-fund testcontainers@12 || skip 'the npm registry gave no testcontainers 12'
  "${engine[@]}" bash -euo pipefail -c 'source .ci/lanes.sh; tests_on_engine' || code=$?
  [ "$code" -ne 75 ] || skip 'no Docker engine could be started here, see there'
  return "$code"
}

# With a Docker engine in DOCKER_HOST.
tests_on_engine() {
  if ! timeout 300 docker pull --quiet postgres:18-alpine; then
    echo "no registry: PostgreSQL comes from this machine's packages, and testcontainers goes without its reaper"
    export PG_EVICT_TEST_IMAGE=pg-evict-test/postgres:host TESTCONTAINERS_RYUK_DISABLED=true
    test/docker/build-image.sh "$PG_EVICT_TEST_IMAGE"
  fi
  cd test
  node node_modules/jest/bin/jest.js --selectProjects docker --maxWorkers=1
  PATH="$PG_EVICT_CI_NODE22:$PATH" PG_EVICT_TEST_FROM="$PG_EVICT_TEST_NEWER" \
    node node_modules/jest/bin/jest.js 'docker/(start|jest)' --selectProjects docker --maxWorkers=1
}

lane_matrix() { tests_on_majors "${PG_VERSIONS:-13,17}"; }

lane_majors() { tests_on_majors 14,15,16; }

tests_on_majors() {
  local code=0
  # The whole storm runs on 18, in its own lane.
  export STORM_COUNT=${STORM_COUNT:-6}
  build
  (cd test && PG_VERSIONS=$1 node long/matrix.mjs) || code=$?
  [ "$code" -ne 75 ] || skip 'binaries of some majors are missing, see there'
  return "$code"
}

lane_storm() { test_script test:storm; }

lane_faults() {
  export FAULTS=${FAULTS:-160}
  test_script test:faults
}

lane_jest() { test_script test:jest; }

lane_reset() {
  export RESETS=${RESETS:-40}
  test_script test:reset
}

lane_bench() {
  build
  node bench/bench.mjs --rounds 1 --sessions 0,10 --plot "$PG_EVICT_CI_WORK/bench.svg"
  node bench/simulate-machines.mjs --runs 8 --databases 300 --seconds 60
}

lane_dumps() {
  export DUMPS_CASES=${DUMPS_CASES:-100}
  test_script test:dumps
}

lane_tree() {
  git status --porcelain | diff "$PG_EVICT_CI_WORK/tree" - || {
    echo 'the run changed the working tree'
    return 1
  }
}
