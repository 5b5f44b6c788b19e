#!/usr/bin/env bash
# Compares the candidates for the preset restaurants on validation data alone:
# each is trained on 80 % of the SemEval-2014 training corpus, for three
# stratified splits of it, and scored after every epoch on the other 20 %. Prints,
# for each candidate and epoch, the mean validation accuracy over the splits.
#
# A run that is done is not run again. Usage, from the top folder, after
# `absa fetch semeval2014 glove-100d`:
#
#   JOBS=2 configs/choose/choose.sh [CANDIDATES]
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
candidates=${1:-$here/candidates.txt}
out=checkpoints/choose
mkdir -p "$out"

one() {
	local out=$1 name=$2 split=$3 run
	shift 3
	run=$out/$name-$split
	[[ -e $run/result.json ]] && return
	rm -rf "$run"
	"${ABSA:-bin/absa}" train --quiet --config configs/choose/base.yaml --out "$run" \
		--set "data.split_seed=$split" "${@/#/--set=}" >/dev/null
}
export -f one

grep -v '^#' "$candidates" | while read -r name changes; do
	for split in 1 2 3; do
		echo "$out $name $split${changes:+ $changes}" # xargs joins lines at a trailing blank
	done
done | xargs -P "${JOBS:-1}" -L 1 bash -c 'one "$@"' one

grep -v '^#' "$candidates" | while read -r name _; do
	cat "$out/$name"-[1-3]/metrics.jsonl | awk -v name="$name" '
		match($0, /"epoch":[0-9]+/) { e = substr($0, RSTART + 8, RLENGTH - 8) + 0 }
		match($0, /"valid_accuracy":[0-9.]+/) {
			sum[e] += substr($0, RSTART + 17, RLENGTH - 17); n[e]++; if (e > last) last = e
		}
		END {
			printf "%-18s", name
			for (e = 4; e <= last; e++) printf " %.4f", sum[e] / n[e]
			print ""
		}'
done
