#!/bin/sh
# embed.sh - prints Lua modules as a C source that carries them.
#
#   embed.sh lua/perigee/host.lua ... > embedded.c
#
# lua/perigee/host.lua becomes the module "perigee.host". The array that names
# them is declared in bindings/binding.h; a NULL name ends it.
set -eu

echo '/* Printed by docs/embed.sh from the files of lua/. */'
echo '#include "binding.h"'
n=0
for file in "$@"; do
  n=$((n + 1))
  echo
  echo "static const char module_${n}[] = { /* $file */"
  od -An -v -tx1 "$file" |
    sed -e "s/ *\\([0-9a-f][0-9a-f]\\)/'\\\\x\\1',/g" -e 's/^/  /'
  echo '};'
done

echo
echo 'const peri__lua_module peri__lua_modules[] = {'
n=0
for file in "$@"; do
  n=$((n + 1))
  name=$(echo "${file#lua/}" | sed -e 's/\.lua$//' -e 's|/|.|g')
  echo "  {\"$name\", module_$n, sizeof module_$n},"
done
echo '  {0, 0, 0},'
echo '};'
