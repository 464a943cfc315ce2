#!/usr/bin/env bash
# install.sh BUILD: puts what is built in the folder BUILD under PREFIX (default /usr/local), and the units of systemd
# under UNITS. DESTDIR is put before all of them, for packages. `make install` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
prefix=${PREFIX:-/usr/local}
units=${UNITS:-$([ "$prefix" = /usr/local ] && echo /etc/systemd/system || echo "$prefix/lib/systemd/system")}
root=${DESTDIR:-}
home=$prefix/lib/trading-robot
executables=(market-data-gateway order-simulator performance-tracker plugin-host strategy-runner trading-robot)

[ -x "$build/trading-robot" ] || { echo "$build holds no trading-robot: run \`make build\` first" >&2; exit 1; }
install -d "$root$home" "$root$prefix/bin" "$root$prefix/share/trading-robot" "$root$units"
for name in "${executables[@]}" libquoter.so libsma-crossover.so; do
    # A new file in place of the old one: a running program keeps the one that it was started from.
    install -m 755 -s "$build/$name" "$root$home/$name.new"
    mv -f "$root$home/$name.new" "$root$home/$name"
done
# Swift's own libraries, wherever the compiler lies: beside the executables, which look there too.
ldd "$build/trading-robot" "$build/plugin-host" | awk '$3 ~ /\/swift\/linux\// {print $3}' | sort -u |
    while IFS= read -r library; do install -m 644 "$library" "$root$home/"; done
for name in "${executables[@]}"; do
    [ "$name" = plugin-host ] || ln -sfn "$home/$name" "$root$prefix/bin/$name"
done
rm -rf "$root$home/python" "$root$prefix/share/trading-robot/schemas"
install -d "$root$home/python"
cp -r Shared/Python/tradingrobotplug "$root$home/python/"
find "$root$home/python" -name __pycache__ -prune -exec rm -rf {} +
cp -r Shared/Contracts/Schemas "$root$prefix/share/trading-robot/schemas"
for unit in deploy/systemd/*; do
    sed "s|/usr/local/lib/trading-robot|$home|g" "$unit" >"$root$units/$(basename "$unit")"
done
echo "Installed in $root$prefix. The whole stack here: trading-robot up. As services: systemctl enable --now trading-robot.target"
