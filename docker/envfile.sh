# envfile.sh: the generated file with the flags. Sourced by setup.sh.

# write_envfile writes libtorch.env: lines of KEY="VALUE" that a shell can
# source ("set -a; . ./libtorch.env; set +a") and an editor can read as its
# environment file. An unchanged file keeps its time stamp.
write_envfile() {
	local lib=$libtorch/lib include=$libtorch/include gomp=-lgomp file=$repo/libtorch.env flags content tmp
	# The OpenMP library that libtorch_cpu itself loads, by its file name there:
	# two of them in one process would be two pools of threads.
	for gomp_file in "$lib"/libgomp*.so*; do
		[[ -e $gomp_file ]] && gomp=-l:${gomp_file##*/}
	done
	flags=$goflags
	if [[ " $flags " != *" -trimpath "* && " $flags " != *" -trimpath="* ]]; then
		flags="${flags:+$flags }-trimpath" # checkouts in different folders share the build cache
	fi
	content="# Made by docker/setup.sh; do not edit. Use: set -a; . ./libtorch.env; set +a
ABSA_LIBTORCH=\"$libtorch\"
ABSA_LIBTORCH_VARIANT=\"$variant\"
CGO_CFLAGS=\"-O2 -g0\"
CGO_CXXFLAGS=\"-O2 -g0 -Wno-deprecated-declarations -I$include -I$include/torch/csrc/api/include -include $gotch/compat.h\"
CGO_LDFLAGS=\"-L$gotch/stubs -L$lib -Wl,-rpath,$lib -Wl,--as-needed -ltorch_cpu -lc10 $gomp -Wl,--unresolved-symbols=ignore-in-shared-libs\"
GOFLAGS=\"$flags\""
	if [[ ! -f $file || $(<"$file") != "$content" ]]; then
		tmp=$(mktemp "$repo/.libtorch.env.XXXXXX")
		scratch+=("$tmp")
		printf '%s\n' "$content" >"$tmp"
		chmod 644 "$tmp"
		mv -f "$tmp" "$file"
	fi
	say "LibTorch $libtorch_version ($variant) in $libtorch"
}
