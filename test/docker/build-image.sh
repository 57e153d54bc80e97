#!/usr/bin/env bash
# Makes a Docker image of the PostgreSQL that Debian's packages have installed on this machine, without a registry:
# `build-image.sh NAME`. It is used like the official image (see image/docker-entrypoint.sh).
set -euo pipefail

name=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
installed=(/usr/lib/postgresql/*/bin/postgres)
binaries=$(dirname "${installed[-1]}")
version=$(dirname "$binaries")
major=$(basename "$version")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{dev,docker-entrypoint-initdb.d,etc,proc,root,run/postgresql,sys,tmp,usr,var/lib/postgresql/data}
mkdir -p "$root"/usr/{bin,lib,lib/locale,lib64,local/bin,sbin,share/postgresql}
for directory in bin lib lib64 sbin; do ln -s "usr/$directory" "$root/$directory"; done
ln -s /run "$root/var/run"
chmod 1777 "$root/tmp"
printf 'root:x:0:0:root:/root:/bin/bash\npostgres:x:999:999::/var/lib/postgresql:/bin/bash\n' >"$root/etc/passwd"
printf 'root:x:0:\npostgres:x:999:\n' >"$root/etc/group"

# Copies a file to the same place in the image, through the links that lead to its folder.
put() {
  local target
  target=$(readlink -f "$(dirname "$1")")
  mkdir -p "$root$target"
  cp -L --preserve=mode "$1" "$root$target/"
}

programs=()
for program in bash cat chmod chown env id mkdir ps setpriv sh sleep; do programs+=("$(type -P "$program")"); done
for program in "${programs[@]}"; do put "$program"; done

mkdir -p "$root$version/lib"
cp -a "$binaries" "$root$version/"
cp -a "$version"/lib/*.so "$root$version/lib/"
# Just-in-time compilation would bring all of LLVM.
rm -f "$root$version"/lib/llvmjit*.so
cp -a "/usr/share/postgresql/$major" "$root/usr/share/postgresql/"
rm -rf "$root/usr/share/postgresql/$major/man"
cp -a /usr/share/zoneinfo "$root/usr/share/"
cp -a /usr/lib/locale/C.utf8 "$root/usr/lib/locale/"
install -m 755 "$here/image/docker-entrypoint.sh" "$root/usr/local/bin/"

# The libraries of all of them, and the loader.
ldd "${programs[@]}" "$binaries"/* "$root$version"/lib/*.so 2>/dev/null |
  awk '/=> \// { print $3 } /^\t\/lib64/ { print $1 }' | sort -u |
  while read -r library; do put "$library"; done

chown -R 999:999 "$root/var/lib/postgresql" "$root/run/postgresql"
tar -C "$root" -c . | docker import \
  -c "ENV PATH=$binaries:/usr/local/bin:/usr/bin" \
  -c 'ENV PGDATA=/var/lib/postgresql/data' \
  -c 'ENV LANG=C.UTF-8' \
  -c 'VOLUME /var/lib/postgresql/data' \
  -c 'EXPOSE 5432' \
  -c 'ENTRYPOINT ["docker-entrypoint.sh"]' \
  -c 'CMD ["postgres"]' \
  - "$name" >&2
