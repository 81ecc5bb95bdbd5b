#!/bin/sh
# Installs the Debian packages that tests need, where that is allowed without asking;
# elsewhere says the one command to type. Tests that miss a package skip and say so.
packages='chromium chromium-driver poppler-utils'

command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  as_root='sudo -n'
else
  echo "Some tests will be skipped. For all of them: sudo apt-get install$missing"
  exit 0
fi
{ $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 ||
  echo "The packages$missing could not be installed; the tests that need them are skipped."
