# shellcheck shell=bash
# Sourced by ./tools/run and ./tools/test: packages, builds, and how to say what is going on.
# Needs bash; leaves the working directory at the repository's root.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
mkdir -p build/logs
begun_at=$SECONDS

say() { printf '[%4d s] %s\n' "$((SECONDS - begun_at))" "$*"; }

die() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

# Every line goes to the log; one in fifteen seconds is shown, so that nobody wonders.
keep_in_log() {
  local line shown_at=$SECONDS
  while IFS= read -r line || [[ -n $line ]]; do
    printf '%s\n' "$line" >&3
    if ((SECONDS - shown_at >= 15)); then
      say "  ... ${line:0:90}"
      shown_at=$SECONDS
    fi
  done 3>"$1"
}

# logged NAME COMMAND...: output to build/logs/NAME.log.
logged() {
  local log=build/logs/$1.log
  shift
  "$@" 2>&1 </dev/null | keep_in_log "$log"
}

# The same; a failure shows the end of the log and ends everything.
quietly() {
  logged "$@" && return
  tail -n 60 "build/logs/$1.log" >&2
  die "that failed; all of its output is in build/logs/$1.log"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing packages needs root or sudo; as root: apt-get install ${missing[*]}"
  fi
}

is_there() {
  case $1 in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# find_missing WHAT: fills `missing` with what tools/packages asks for and is not there.
find_missing() {
  local package probe mark
  missing=()
  while read -r package probe mark; do
    [[ -z $package || $package == \#* ]] && continue
    [[ $mark == test && $1 != test ]] && continue
    is_there "$probe" || missing+=("$package")
  done <tools/packages
}

apt_install() {
  quietly packages as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@"
}

# install_packages run|test
install_packages() {
  find_missing "$1"
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "these are missing, and there is no apt-get: ${missing[*]}"
  say "installing ${#missing[@]} packages: ${missing[*]}"
  quietly package-lists as_root apt-get update
  # npm comes last: some builds of nodejs bring it along, and conflict with Debian's.
  local first=()
  for package in "${missing[@]}"; do [[ $package == npm ]] || first+=("$package"); done
  ((${#first[@]} == 0)) || apt_install "${first[@]}"
  find_missing "$1"
  ((${#missing[@]} == 0)) || apt_install "${missing[@]}"
}

# set_up DIR OPTION...: configures a build directory that is not there yet.
set_up() {
  local dir=$1
  shift
  [[ -f $dir/build.ninja ]] && return
  say "configuring $dir/"
  quietly "configure-$dir" meson setup "$dir" "$@"
}

# The release build, in build/. Without tests it needs no test packages; ./tools/test adds them.
readonly release_options=(--buildtype=release)
readonly without_tests=build/configured-without-tests

set_up_release_with_tests() {
  set_up build "${release_options[@]}"
  [[ -f $without_tests ]] || return 0
  quietly configure-build meson configure build -Dtests=true -Dbenchmarks=true
  rm "$without_tests"
}

set_up_release_without_tests() {
  [[ -f build/build.ninja ]] && return
  set_up build "${release_options[@]}" -Dtests=false -Dbenchmarks=false
  touch "$without_tests"
}
