#!/bin/sh
# Installs the checkout it lies in as the appliance of this machine; run again after an update.
# Touches /opt/scopeside, /etc/systemd/system and the user scopeside; never the records.
set -eu

[ "$(id -u)" = 0 ] || { echo 'Run this as root: sudo systemd/install.sh' >&2; exit 1; }
source=$(cd "$(dirname "$0")/.." && pwd)
target=/opt/scopeside
extra=${1:-}

if [ "$source" != "$target" ]; then
  mkdir -p "$target"
  (cd "$source" && git archive HEAD) | tar -x -C "$target"
fi
install -D -m 644 "$source/systemd/scopeside.sysusers" /etc/sysusers.d/scopeside.conf
systemd-sysusers
# Site packages of the system are seen so that libcamera's Python module, which only Raspberry Pi OS
# ships, can be imported.
[ -x "$target/.venv/bin/python" ] || python3 -m venv --system-site-packages "$target/.venv"
"$target/.venv/bin/python" -m pip install --quiet --upgrade "$target${extra:+[$extra]}"
install -m 644 "$source"/systemd/scopeside-*.service /etc/systemd/system/
systemctl daemon-reload
systemctl enable scopeside-serve scopeside-work
systemctl restart scopeside-serve scopeside-work
echo 'Scopeside runs. The first page asks for a setup code: journalctl -u scopeside-serve'
