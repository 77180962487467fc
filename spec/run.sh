#!/bin/sh
# run.sh - runs every spec of a build and sums up.
#
#   spec/run.sh BUILD [busted's options and files]
#
# With PERIGEE_SPECS="parallel threads" only the C specs of these names, else
# in order: what the libraries export, what is installed, the C specs, the C
# examples, the Lua specs in our own host. The last line is "N passed, N
# failed"; the exit status tells the same.
set -u

build=${1:-build}
[ $# -eq 0 ] || shift
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
passed=0
failed=0

note() { # passed failed
  passed=$((passed + $1))
  failed=$((failed + $2))
}

fail() { # what is wrong
  echo "FAILED: $*"
  note 0 1
}

# Run a command, showing what it prints and keeping it in $log/out.
run() {
  { "$@" 2>&1; echo $? >"$log/status"; } | tee "$log/out"
  status=$(cat "$log/status")
}

# A library shows its public names, and those of the sanitizers.
check_exports() { # library, option of nm
  # shellcheck disable=SC2086  # an option or nothing
  other=$(nm ${2:-} --defined-only -g "$build/$1" |
    awk 'NF == 3 { print $3 }' | grep -Ev '^(peri_[a-z]|luaopen_|__odr_asan)')
  if [ -z "$other" ]; then note 1 0; else
    fail "$1 exports" "$other"
  fi
}

# What is installed serves a C program. A build for specs alone stays here.
check_install() {
  [ -z "${PERIGEE_QUICK:-}" ] || return
  to=$log/installed
  if make install BUILD="$build" PREFIX="$to" >"$log/out" 2>&1 &&
    ${CC:-cc} docs/first.c -I"$to/include" -L"$to/lib" -lperigee \
      -Wl,-rpath,"$to/lib" -o "$log/first" >>"$log/out" 2>&1 &&
    [ "$("$log/first")" = "32 " ] &&
    "$to/bin/perigee" -e 'assert(pg.ones(2):sum():item() == 2)'
  then note 1 0; else
    cat "$log/out"
    fail "a C program does not run with what make install installs"
  fi
}

# Add up the last "N passed, N failed" of a program; without one, or if the
# status says otherwise, the program itself has failed.
count_program() { # name
  line=$(grep -Eo '[0-9]+ passed, [0-9]+ failed' "$log/out" | tail -n 1)
  if [ -z "$line" ]; then
    fail "$1 ended with status $status and no summary"
    return
  fi
  # shellcheck disable=SC2086  # words of the line
  set -- "$1" $line
  note "$2" "$4"
  [ "$status" -eq 0 ] || [ "$4" -gt 0 ] || fail "$1 ended with status $status"
}

is_wanted() { # source
  name=$(basename "$1" _spec.c)
  case " ${PERIGEE_SPECS:-$name} " in *" $name "*) true ;; *) false ;; esac
}

run_c_specs() {
  for source in spec/c/*_spec.c; do
    [ -f "$source" ] || continue
    is_wanted "$source" || continue
    run "$build/${source%.c}"
    count_program "$source"
  done
}

# An example is fine if it ends well.
run_examples() {
  for source in examples/*.c; do
    [ -f "$source" ] || continue
    run "$build/${source%.c}"
    if [ "$status" -eq 0 ]; then note 1 0; else
      fail "$source ended with status $status"
    fi
  done
}

# busted closes with "N successes / N failures / N errors / N pending".
run_lua_specs() {
  run "$build/perigee" spec/run.lua "$@"
  line=$(grep -Eo '[0-9]+ success(es)? / [0-9]+ failures? / [0-9]+ errors?' \
    "$log/out" | tail -n 1)
  if [ -z "$line" ]; then
    fail "the Lua specs ended with status $status and no summary"
    return
  fi
  # shellcheck disable=SC2086  # words of the line
  set -- $line
  note "$1" $(($4 + $7))
  [ "$status" -eq 0 ] || [ $(($4 + $7)) -gt 0 ] ||
    fail "the Lua specs ended with status $status"
}

if [ -n "${PERIGEE_SPECS:-}" ]; then
  run_c_specs
else
  check_exports libperigee.a
  check_exports libperigee.so -D
  check_exports perigee.so -D
  check_install
  run_c_specs
  run_examples
  run_lua_specs "$@"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
