#!/usr/bin/env bash
# Searches for inputs that break what reads bytes, guided by coverage (libFuzzer, which comes with the toolchain).
#
#   Tests/fuzz.sh                          100,000 inputs for each target, some minutes
#   Tests/fuzz.sh 10000000                 the long form: ten million for each, some hours
#   Tests/fuzz.sh 1000000 json requests    for these targets alone
#
# An input that breaks something is named at the end: put it into Tests/FuzzingTests/Corpus/TARGET, where the ordinary
# tests find it. What covers something new is kept in .build-fuzz/corpus for the next search.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-100000}
[ $# -eq 0 ] || shift
targets=("$@")
[ $# -gt 0 ] || targets=(json lines requests safetensors tokenizer journal)

build=.build-fuzz
modules=(Fuzzing Daemon LanguageModel Networks Kernels Tokenizers Safetensors Storage RPC JSON System)
swift build -c release --target Fuzzing --scratch-path $build -Xswiftc -sanitize=fuzzer -Xswiftc -parse-as-library |
  tail -n 1
objects=()
for module in "${modules[@]}"; do
  while IFS= read -r object; do objects+=("$object"); done < <(find "$build/release/$module.build" -name '*.o')
done
while IFS= read -r object; do objects+=("$object"); done < <(find "$build/release/CSystem.build" -name '*.o')
swiftc -sanitize=fuzzer -o $build/fuzz "${objects[@]}"

# The longest input: of lines, whose limit is at most 255 bytes here, some of them.
longest() { if [ "$1" = lines ]; then echo 1024; else echo 4096; fi; }

failed=()
for target in "${targets[@]}"; do
  corpus=$build/corpus/$target
  mkdir -p "$corpus"
  echo "== $target"
  # Memory is bounded so that an input of some bytes can't ask for gigabytes; a slow input is a finding, too.
  RNND_FUZZ_TARGET=$target SWIFT_BACKTRACE=enable=no $build/fuzz -runs="$runs" -max_len="$(longest "$target")" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/$target-" \
    "$corpus" "Tests/FuzzingTests/Corpus/$target" >"$build/$target.log" 2>&1 || failed+=("$target")
  grep -aE 'number_of_executed_units|average_exec_per_sec|peak_rss|Test unit written|^#.*DONE' "$build/$target.log" || true
done

if [ ${#failed[@]} -gt 0 ]; then
  echo "broken: ${failed[*]} (see $build/TARGET.log, $build/TARGET-crash-*)" >&2
  exit 1
fi
