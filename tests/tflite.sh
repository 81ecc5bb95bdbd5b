#!/bin/sh
# Makes build/tflite: a second environment with tflite-runtime and NumPy 1, in which the released
# network is tried, too. Needs CPython 3.11, the last that tflite-runtime has wheels
# for and the first that Scopeside runs on; elsewhere those tests skip.
set -e
target=build/tflite
[ -e "$target/ready" ] && exit 0
for python in "$1" python3.11; do
  command -v "$python" >/dev/null 2>&1 || continue
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || continue
  if "$python" -m venv "$target" &&
    "$target/bin/python" -m pip install --quiet --disable-pip-version-check \
      'numpy<2' 'tflite-runtime==2.14.0' 2>/dev/null; then
    touch "$target/ready"
    exit 0
  fi
done
echo 'tflite-runtime needs CPython 3.11, which is not here; its tests are skipped.'
