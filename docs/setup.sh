#!/bin/sh
# setup.sh - installs what a fresh machine lacks, and nothing else.
#
#   setup.sh build|specs|check ...
#
#   build  compiler, Lua 5.4, zlib        to build and run
#   specs  lua5.4, busted, binutils,      to run the specs as well
#          LAPACK
#   check  clang, cppcheck, luacheck ...  for make check
#
# Debian and Ubuntu: installs with apt-get, as root or through sudo. Elsewhere:
# prints the command and fails. Nothing is lacking: returns at once, without a
# look at the network. CC and LUA_CFLAGS may come from the Makefile.
set -eu

missing= # as Debian's packages

need() {
  case " $missing " in
    *" $1 "*) ;;
    *) missing="$missing $1" ;;
  esac
}

# True if header $1 is there and the lines $2 after it compile.
compiles() {
  # shellcheck disable=SC2086  # flags are words
  printf '#include <%s>\n%s\n' "$1" "${2:-}" |
    ${CC:-cc} ${LUA_CFLAGS:-} -I/usr/include/lua5.4 -x c -fsyntax-only - \
      2>/dev/null
}

# 5.4.4 or later of 5.4.
lua_is_54='#if LUA_VERSION_NUM != 504 || LUA_VERSION_RELEASE_NUM < 50404
#error
#endif'

have() {
  command -v "$1" >/dev/null 2>&1
}

look_build() {
  have "${CC:-cc}" || need gcc
  compiles stdio.h || need libc6-dev
  compiles lua.h "$lua_is_54" || need liblua5.4-dev
  compiles zlib.h || need zlib1g-dev
}

look_specs() {
  have nm || need binutils
  have lua5.4 || lua_is_lua54 || need lua5.4
  have_busted || need lua-busted
  have_lapack || need liblapack3
}

# Nothing is linked with it: solve, svd and their kin load it when they run.
have_lapack() {
  for list in ldconfig /sbin/ldconfig; do
    "$list" -p 2>/dev/null |
      grep -Eq 'lib(lapack|openblas|flexiblas)\.so' && return 0
  done
  [ "$(uname -s)" = Darwin ]
}

lua_is_lua54() {
  have lua && [ "$(lua -e 'io.write(_VERSION)')" = "Lua 5.4" ]
}

have_busted() {
  lua=$(command -v lua5.4 || command -v lua) &&
    "$lua" -e 'require "busted.runner"' >/dev/null 2>&1
}

look_check() {
  have gcc || need gcc
  have clang || need clang
  have cppcheck || need cppcheck
  have luacheck || need lua-check
}

look() {
  missing=
  for part in "$@"; do "look_$part"; done
}

# Run apt-get as root. What it does is of interest only if it fails.
apt() {
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >"$log" 2>&1
  then
    cat "$log" >&2
    exit 1
  fi
}

install_debian() {
  echo "setup: installing $*"
  apt update
  apt install -y --no-install-recommends "$@"
}

# Where the distribution's busted does not serve Lua 5.4.
install_busted() {
  install_debian luarocks liblua5.4-dev gcc libc6-dev make unzip
  echo "setup: installing busted from LuaRocks"
  $sudo luarocks --lua-version=5.4 install busted
}

advise() {
  cat >&2 <<TEXT
perigee needs a C compiler, Lua from 5.4.4 on and zlib; the specs need more.
Not there, in Debian's names:$missing

Debian, Ubuntu  apt-get install$missing
Fedora          dnf install gcc make binutils zlib-devel lua lua-devel luarocks
                lapack
                (up to Fedora 44, whose lua is 5.4)
Arch            pacman -S --needed gcc make zlib lua54 lua54-busted lapack
Homebrew        brew install zlib lua@5.4 luarocks
                make LUA_DIR="\$(brew --prefix lua@5.4)"

The specs need busted for Lua 5.4; where there is no package of it:
                luarocks --lua-version=5.4 install busted
A Lua in a folder of its own is named by make LUA_DIR=/its/folder.
TEXT
  exit 1
}

look "$@"
[ -n "$missing" ] || exit 0
have apt-get || advise
[ "$(id -u)" = 0 ] || have sudo || advise
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # a list of words
install_debian $missing
look "$@"
case " $missing " in
  *" lua-busted "*)
    install_busted
    look "$@"
    ;;
esac
[ -z "$missing" ] || advise
